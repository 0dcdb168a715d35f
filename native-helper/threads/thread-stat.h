/* A thread's state, as /proc shows it. */
#ifndef SANDBOX_UNIT_THREAD_STAT_H
#define SANDBOX_UNIT_THREAD_STAT_H

struct thread_stat {
	int has_ended;
	int waits_for_kernel; /* in a sleep that only SIGKILL ends, or nothing */
	int is_worker; /* works for the kernel, as io_uring's threads do, by flags that another kernel may use otherwise */
};

/* Returns 0, or -1 where the thread isn't there. */
int read_thread_stat(int tid, struct thread_stat *stat);

/*
 * Whether a thread has no place in its process's code, as those that work for the kernel: it never runs any. The answer
 * is no for one that is running now.
 */
int runs_no_code(int tid);

#endif
