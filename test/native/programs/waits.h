/* Ways to wait, each in a process of its own, which tells whether anything was odd about it. */
#ifndef SANDBOX_UNIT_WAITS_H
#define SANDBOX_UNIT_WAITS_H

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* How long calls with a timeout wait. */
#define SECONDS 4
#define MILLISECONDS (SECONDS * 1000)

/* Shared between the process and the one that looks after it. */
struct slot {
	pid_t pid;
	volatile int is_ready; /* it is about to wait */
	volatile int may_go;
	volatile int is_done;
	volatile int problem; /* an errno, or 0 */
	volatile int is_filtered;
};

struct kind {
	const char *name;
	int (*wait)(struct slot *slot); /* returns an errno, or 0 where all was as it should be */
	int is_running;                 /* it doesn't sleep meanwhile */
};

/* Each list ends with a kind without a name. */
extern const struct kind wait_calls[];
extern const struct kind wait_files[];
extern const struct kind wait_processes[];
extern const struct kind wait_oddities[];

/* Whether the filter of the test is in force. */
int is_filtered(void);

/* Says that the process waits from now on, and returns what the call that follows has returned. */
#define WAIT(slot, call) ((slot)->is_ready = 1, (call))

/* 0 for the wanted result, else an errno. */
static inline int expect(long result, long wanted)
{
	if (result == wanted)
		return 0;
	return result < 0 ? errno : ERANGE;
}

/* 0 for a failure with this errno. */
static inline int expect_error(long result, int error)
{
	if (result < 0 && errno == error)
		return 0;
	return result < 0 ? errno : ERANGE;
}

static inline void pause_briefly(void)
{
	(void)usleep(1000);
}

static inline int wait_to_go(struct slot *slot)
{
	slot->is_ready = 1;
	while (!slot->may_go)
		pause_briefly();
	return 0;
}

static inline double seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A child that does something once its parent may go; 0 in the child. */
static inline pid_t fork_helper(struct slot *slot)
{
	pid_t pid = fork();
	while (pid == 0 && !slot->may_go)
		pause_briefly();
	return pid;
}

#endif
