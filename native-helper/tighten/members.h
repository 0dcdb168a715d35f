/* Threads that are to have the filter, and what was found out of each. */
#ifndef SANDBOX_UNIT_MEMBERS_H
#define SANDBOX_UNIT_MEMBERS_H

#include <stdint.h>

#include "threads/hold.h"
#include "tracee.h"
#include "wanted.h"

/* How a thread comes to the filter. */
enum part {
	SYNCED,  /* a call of another thread of its process gives it to all (SECCOMP_FILTER_FLAG_TSYNC) */
	CARRIER, /* it makes that call */
	ALONE,   /* it makes the call for itself, since threads of its process differ in what they have */
};

struct member {
	struct thread *thread;
	int tgid;
	enum part part;
	int has_no_new_privileges;
	int may_load;
	int is_waiting; /* in a call, which it will make again */
	int is_done; /* its newest filter is the wanted one */
	struct stack *before; /* its filters, without the new one */
	uint64_t mapping; /* of the program in a CARRIER's memory, or 0 */
	struct tracee tracee;
};

/* A member by its index, and NULL behind the last. Threads of one process follow each other. */
struct member *member_at(uint32_t index);

/* The next process behind this member's, or the first where it is NULL. */
struct member *next_process(struct member *member);

/* Whether a member is of this process: `member` may be the end. */
int is_of(const struct member *member, const struct member *process);

/* Whether the newest filter is the wanted one. */
int has_wanted(const struct stack *stack, const struct wanted *wanted);

/*
 * Makes all threads members that stand still and were listed in the last pass, and looks at them. Returns how many
 * findings there were, each of which has been told.
 */
unsigned int look_at_members(const struct wanted *wanted);

#endif
