/* Threads that stand still together, stopped as a debugger stops them; they go on with the end of this process. */
#ifndef SANDBOX_UNIT_HOLD_H
#define SANDBOX_UNIT_HOLD_H

#include <stddef.h>
#include <stdint.h>

#include "stacks.h"
#include "thread-stat.h"

/* How often threads that have ended are waited for, in microseconds. SIGALRM interrupts calls that wait meanwhile. */
#define REAPING_INTERVAL 10000

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
	int may_work; /* for the kernel: it ran when it was to be told whether it runs code of its process */
	int is_unreaped; /* it is lost, and may still have to be waited for */
	unsigned int pass; /* the last one in which it was given to hold(), or 0 */
	struct stack *stack; /* its filters, once they have been read */
	struct thread_call seen; /* of see_call(), when it began to be traced */
};

/* A thread by its index, in the order in which threads were first given to hold(); NULL behind the last. */
struct thread *held_at(uint32_t index);

/* Begins a new listing of threads. */
void begin_pass(void);

/*
 * Begins to stop a thread, unless that was begun before. Returns whether the thread may have started another until now:
 * because it ran, or has just ended, or there is no room for more threads. Threads that work for the kernel run no code of
 * their process: they are left alone, and aren't among those of held_at(), but for one that runs right now.
 */
int hold(int tid);

/*
 * Begins to stop a thread that may be of the group: is_listed() is as it was. One that can't be stopped may be anywhere as
 * long as it isn't listed, and is news each time.
 */
int hold_unlisted(int tid);

/* Whether a thread is traced from here. */
int is_held(int tid);

/*
 * Waits, for `patience` in nanoseconds, until all threads stand still. Those that don't are STUCK then. They are waited for
 * until `patience_with_running` has passed as long as one of them only has to be given a processor. Returns whether one
 * that was STUCK moved on.
 */
int await_stops(int64_t patience, int64_t patience_with_running);

/* Whether a thread was given to hold() in any pass. */
static inline int was_listed(const struct thread *thread)
{
	return thread->pass != 0;
}

/* Whether a thread that stands still was given to hold() in this pass. Another may have had its ID before. */
int is_listed(const struct thread *thread);

/* Takes note that a stopped thread is gone: killed, or put out of its ID by another thread's exec. */
void lose(struct thread *thread);

/* Does so if a stopped thread is gone. Returns whether it is. */
int lose_if_gone(struct thread *thread);

/* Does so for all that are gone. Returns how many there were: another thread may have their ID. */
static inline int lose_gone(void)
{
	int count = 0;
	struct thread *thread;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		count += lose_if_gone(thread);
	return count;
}

/* Lets a thread that stands still go on: an interrupted call is made again, as if there had been no stop. */
void release(struct thread *thread);

/* Lets all threads go on, also those that stop only now. */
void release_all(void);

#endif
