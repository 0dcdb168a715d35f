/* Threads that stand still together, stopped as a debugger stops them; they go on with the end of this process. */
#ifndef SANDBOX_UNIT_HOLD_H
#define SANDBOX_UNIT_HOLD_H

#include <stdint.h>

#include "stacks.h"

enum hold_state {
	FREE, /* not traced: `error` says why */
	STOPPING,
	STUCK, /* it doesn't stop, and is waited for no longer */
	STOPPED,
};

struct thread {
	int tid;
	enum hold_state state;
	int error; /* an errno: ESRCH where it has ended */
	int signal; /* that it was about to get, or 0 */
	struct stack *stack; /* its filters, once they have been read */
};

/* One of all that were ever to be held, in that order, the first is 0; NULL behind the last. */
struct thread *held_at(uint32_t index);

/*
 * Begins to stop a thread, unless that was begun before. Returns whether this changed anything or it has just ended: it
 * may have started another until now.
 */
int hold(int tid);

/* Waits, for a tenth of a second, until all stand still. Returns whether one does that was given up on before. */
int await_stops(void);

/* Takes note that a stopped thread is gone: killed, or put out of its ID by another thread's exec. */
void lose(struct thread *thread);

/* Lets all go on. */
void release_all(void);

#endif
