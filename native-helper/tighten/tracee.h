/* Calls that a stopped thread is made to make, and its way back to where it was. */
#ifndef SANDBOX_UNIT_TIGHTEN_TRACEE_H
#define SANDBOX_UNIT_TIGHTEN_TRACEE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "threads/interrupted.h"

/* An instruction that makes calls, and the ABI that they are of. */
struct call_site {
	uint64_t at;
	int is_32;
};

struct tracee {
	int tid;
	int is_entered;
	int is_moved;   /* it has run since it was entered */
	int is_running; /* it wasn't seen to stop again */
	uint64_t mask; /* of blocked signals */
	uint64_t rseq_slot, rseq_section; /* where the thread names its critical section (rseq(2)), and the section */
	struct call_site site;
	struct thread_call seen; /* of see_call() */
	struct user_regs_struct registers;
#ifdef __aarch64__
	struct interrupted interrupted;
	void *vectors; /* registers that a call doesn't keep, or NULL */
	size_t vectors_size;
	uint32_t vectors_type;
#endif
};

/* A call by its numbers in the machine's own ABI, and in that of 32 bits. */
struct injected_call {
	uint32_t nr;
	uint32_t nr_32;
	uint64_t arguments[6];
};

enum outcome {
	DONE,
	GONE,     /* somebody has killed the thread */
	LATE,     /* it didn't run in time */
	EVADED,   /* it did something else */
	NO_CALL,  /* it has no instruction for it */
	DISPATCHED, /* its calls are handed back to it */
	SEQUENCE, /* it may be in a restartable sequence, which this kernel doesn't show */
	UNTRACED, /* ptrace(2) failed, with an errno */
};

/*
 * Prepares a stopped thread to make calls: its signals are blocked, the filters that it has are suspended, and it dies
 * with this process.
 */
enum outcome enter(struct tracee *tracee);

/* Has the thread make a call. The kernel makes just this one, or the outcome is EVADED and it stands before another. */
enum outcome make_call(struct tracee *tracee, const struct injected_call *call, int64_t *result);

/* Puts a word into the thread's memory, also where that is read-only. Returns whether it could. */
int put_word(const struct tracee *tracee, uint64_t at, uint64_t word);

/* Brings a thread that was entered back to where it was, and stops it there. */
enum outcome leave(struct tracee *tracee);

/* Sets whether a stopped thread dies with this process. */
void bind_life(int tid, int is_bound);

#endif
