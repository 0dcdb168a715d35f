#include "listing.h"

#include <errno.h>
#include <unistd.h>

#include "control-group.h"
#include "hold.h"
#include "processes.h"
#include "thread-stat.h"

static struct {
	struct listing *listing;
	int in_groups, in_processes; /* threads, by either way to find them */
} now;

static void meet(int tid)
{
	now.in_groups = 1;
	if (tid == 0)
		now.listing->foreign++;
	else if (tid == getpid())
		now.listing->has_self = 1;
	else
		now.listing->is_news |= hold(tid);
}

/* A process that has ended stays until it is waited for, and its first thread as long as it has others. */
static int is_left_behind(int pid, int tid)
{
	return tid == pid && !is_held(tid) && has_ended(tid);
}

static void meet_of(int pid, int tid)
{
	now.in_processes = 1;
	if (tid != getpid() && !is_left_behind(pid, tid))
		now.listing->is_news |= hold(tid);
}

/* It stands still, so that the groups tell whether it is in one of them. */
static void meet_unnamed(int pid, int tid)
{
	now.in_processes = 1;
	if (tid != getpid() && !is_left_behind(pid, tid))
		now.listing->is_news |= hold_unlisted(tid);
}

static const struct process_listing by_process = {meet_of, meet_unnamed};

static void pass_over(int tid)
{
	(void)tid;
}

static void pass_over_of(int pid, int tid)
{
	(void)pid;
	(void)tid;
}

void look_ahead(const char *group, int64_t end)
{
	static const struct process_listing nothing = {pass_over_of, pass_over_of};
	int can_move = 0;
	if (list_group(group, end, pass_over, &can_move) == 0 && can_move)
		(void)list_processes(group, end, &nothing);
}

int hold_group(const char *group, int64_t end, int is_thorough, struct listing *listing)
{
	int can_move = 0;
	now.listing = listing;
	now.in_groups = 0;
	now.in_processes = 0;
	int error = list_group(group, end, meet, &can_move);
	if (error == 0 && can_move && is_thorough && !listing->is_news) {
		error = list_processes(group, end, &by_process);
		/* Threads that one way finds are there for the other, or have just ended. */
		listing->is_news |= now.in_groups && !now.in_processes;
	}
	if (error != 0)
		listing->is_news = 1;
	return error == ETIMEDOUT || error == EAGAIN ? 0 : error;
}
