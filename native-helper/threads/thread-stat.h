/* A thread's state, as /proc shows it. */
#ifndef SANDBOX_UNIT_THREAD_STAT_H
#define SANDBOX_UNIT_THREAD_STAT_H

#include <stddef.h>
#include <stdint.h>

/* Reads a file of /proc that the kernel gives in one piece, as text. Returns 0 or an errno. */
int read_text(int folder, const char *path, char *text, size_t room);

struct thread_stat {
	int has_ended; /* or is about to: it runs no code of its process any more */
	int waits_for_kernel; /* in a sleep that only SIGKILL ends, or nothing */
	int is_worker; /* works for the kernel, as io_uring's threads do, by flags that another kernel may use otherwise */
};

/* Returns 0, or -1 where the thread isn't there. */
int read_thread_stat(int tid, struct thread_stat *stat);

/* Whether a thread is there that has ended: it can't be traced. */
int has_ended(int tid);

/*
 * Whether a thread has no place in its process's code, as those that work for the kernel: it never runs any. The answer
 * is no for one that is running now.
 */
int runs_no_code(int tid);

/* The number of a thread that is in no call, or runs. */
#define NO_CALL_NOW (-1)

/* The call that a thread sleeps in, or is stopped in. */
struct thread_call {
	int nr;
	uint64_t arguments[6];
	uint64_t stack; /* the stack pointer */
	uint64_t place; /* behind the instruction that makes the call */
	uint64_t sleeps; /* of count_sleeps(), before */
};

/* Returns 0, or -1 where the thread is in none. */
int read_thread_call(int tid, struct thread_call *call);

/* How often the thread has gone to sleep so far, or 0. */
uint64_t count_sleeps(int tid);

/* Whether a signal has a handler that isn't blocked and waits for the thread, or is `signal`, unless that is 0. */
int has_signal_to_handle(int tid, int signal);

#endif
