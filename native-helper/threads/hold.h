/* Threads that stand still together, stopped as a debugger stops them; they go on with the end of this process. */
#ifndef SANDBOX_UNIT_HOLD_H
#define SANDBOX_UNIT_HOLD_H

#include <stdint.h>

#include "stacks.h"

enum hold_state {
	FREE, /* not traced: `error` says why */
	STOPPING,
	STUCK, /* it doesn't stop in time, and isn't waited for */
	STOPPED,
};

struct thread {
	int tid;
	enum hold_state state;
	int error; /* an errno: ESRCH where it has ended */
	int signal; /* that it was about to get, or 0 */
	struct stack *stack; /* its filters, once they have been read */
};

/* A thread by its index, in the order in which threads were first given to hold(); NULL behind the last. */
struct thread *held_at(uint32_t index);

/*
 * Begins to stop a thread, unless that was begun before. Returns whether the thread may have started another until now:
 * because it ran, or has just ended.
 */
int hold(int tid);

/* Waits, for a tenth of a second, until all threads stand still. Returns whether one that was STUCK moved on. */
int await_stops(void);

/* Takes note that a stopped thread is gone: killed, or put out of its ID by another thread's exec. */
void lose(struct thread *thread);

/* Lets all threads go on. */
void release_all(void);

#endif
