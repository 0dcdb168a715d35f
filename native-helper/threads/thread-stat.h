/* What /proc shows of what a thread is at. */
#ifndef SANDBOX_UNIT_THREAD_STAT_H
#define SANDBOX_UNIT_THREAD_STAT_H

struct thread_stat {
	int has_ended;
	int waits_for_kernel; /* in a sleep that only SIGKILL ends, or nothing */
	int is_worker; /* works for the kernel, as io_uring's threads do: it never runs code of its process */
};

/* Returns 0, or -1 where the thread isn't there. */
int read_thread_stat(int tid, struct thread_stat *stat);

#endif
