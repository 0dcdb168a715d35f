/* Calls that a stop interrupts, and that a thread makes again when it goes on. */
#ifndef SANDBOX_UNIT_INTERRUPTED_H
#define SANDBOX_UNIT_INTERRUPTED_H

#include <linux/seccomp.h>
#include <stdint.h>

#include "thread-stat.h"

/* Results by which the kernel knows that a call is to be made again (include/linux/errno.h). */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

/*
 * Looks at a thread that is traced, and hasn't been stopped yet. Registers of arm64 don't tell afterwards whether the
 * thread was in a call. No signal's handler runs unseen from now on: registers that fit what it slept in are of that call.
 */
void see_call(int tid, struct thread_call *seen);

/*
 * Finds the call that a stopped thread makes again, as seccomp filters will see it: restart_syscall(2) in place of one
 * that goes on where it was. On arm64 a thread that is about to make a call makes it, too. `seen` is the call of
 * see_call(). Returns 1, 0 where there is none, or -1 with an errno.
 */
int find_interrupted(int tid, const struct thread_call *seen, struct seccomp_data *call);

/*
 * Has a stopped thread make a call again that answers EINTR to any stop, as epoll_wait(2) does (signal(7)). If a signal
 * has a handler that runs first, the answer stays EINTR: `signal`, which it is about to get, or one that waits for it.
 */
void restart_interrupted(int tid, const struct thread_call *seen, int signal);

#ifdef __aarch64__

/* How the call of a stopped thread goes on. */
struct interrupted {
	int is_there;
	int result; /* a negative ERESTART*, which the registers don't show */
	uint32_t nr;
	uint64_t arguments[6];
	uint64_t place; /* of the instruction that makes the call */
};

/* Returns 0, or -1 with an errno: EOPNOTSUPP for 32-bit code. */
int read_interrupted(int tid, const struct thread_call *seen, struct interrupted *interrupted);

#endif

#endif
