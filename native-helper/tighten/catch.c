#include "catch.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "hosted/monotonic.h"
#include "threads/control-group.h"
#include "threads/hold.h"
#include "threads/thread-stat.h"

#define MILLISECOND INT64_C(1000000)

/* How long threads are looked for before nothing is done. */
#define TIME_TO_CATCH (15000 * MILLISECOND)

/* How long they are looked for then, once more, to tell what is in the way. */
#define TIME_FOR_LAST (3000 * MILLISECOND)

/* How long threads may take to stop, and those that run, which have to be given a processor before. */
#define PATIENCE (5 * MILLISECOND)
#define PATIENCE_WITH_RUNNING (500 * MILLISECOND)

/* How long all go on before the next try, at most. */
#define TIME_TO_GO_ON (1000 * MILLISECOND)

static const struct timespec between_looks = {.tv_nsec = 200000};

/* The outcome of one look at the control group. */
static struct {
	int is_news; /* a thread that may have started another until now */
	int has_self;
	int error;
	unsigned int foreign;
} found;

static void meet(int tid)
{
	if (tid == 0)
		found.foreign++;
	else if (tid == getpid())
		found.has_self = 1;
	else
		found.is_news |= hold(tid);
}

static void list(const char *group, int64_t end)
{
	found.is_news = 0;
	found.foreign = 0;
	begin_pass();
	found.error = list_group(group, end, meet);
	/* Others than those that were seen may be there. */
	if (found.error != 0)
		found.is_news = 1;
	if (found.error == ETIMEDOUT)
		found.error = 0;
}

/* Whether a thread isn't held that may be later: it doesn't stop, or its process couldn't be traced in time. */
static int is_late(const struct thread *thread)
{
	return is_listed(thread) && (thread->state == STUCK || (thread->state == FREE && thread->error == ETIMEDOUT));
}

static unsigned int count_late(void)
{
	unsigned int count = 0;
	const struct thread *thread;
	struct thread_stat stat;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		count += is_late(thread) && read_thread_stat(thread->tid, &stat) == 0 && !stat.has_ended;
	return count;
}

/* Counts threads that would stop, were they given a processor. Those that wait for the kernel wouldn't. */
static unsigned int count_running(void)
{
	unsigned int count = 0;
	const struct thread *thread;
	struct thread_stat stat;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		count += thread->state == STUCK && is_listed(thread) && read_thread_stat(thread->tid, &stat) == 0 &&
			 !stat.waits_for_kernel;
	return count;
}

static void await_all(void)
{
	int64_t end = monotonic_time() + PATIENCE_WITH_RUNNING;
	found.is_news |= await_stops(PATIENCE);
	while (count_running() > 0 && monotonic_time() < end) {
		(void)nanosleep(&between_looks, NULL);
		found.is_news |= await_stops(0);
	}
}

/* Lists and stops until two listings have brought no new thread, or until `end`. */
static void stop_all(const char *group, int64_t end)
{
	int quiet = 0;
	do {
		list(group, end);
		do
			await_all();
		while (deliver_signals() > 0 && monotonic_time() < end);
		found.is_news |= lose_gone() > 0;
		quiet = found.is_news ? 0 : quiet + 1;
	} while (quiet < 2 && found.error == 0 && monotonic_time() < end);
}

/* Lets all go on until those that couldn't be stopped stand still, which stay so. */
static void go_on(void)
{
	int64_t end = monotonic_time() + TIME_TO_GO_ON;
	release_all();
	do {
		(void)nanosleep(&between_looks, NULL);
		(void)await_stops(0);
	} while (count_late() > 0 && monotonic_time() < end);
}

/* Lets those go that had a thread's ID when it was stopped, and aren't of the group. */
static void sort_out(void)
{
	struct thread *thread;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		if (thread->state == STOPPED && !is_listed(thread))
			release(thread);
}

struct caught catch_group(const char *group, int is_final)
{
	int64_t since = monotonic_time();
	int64_t end = since + TIME_TO_CATCH;
	for (;;) {
		int is_last = is_final || monotonic_time() > end;
		stop_all(group, is_last ? monotonic_time() + TIME_FOR_LAST : end);
		if (is_last || found.error != 0 || (count_late() == 0 && !found.is_news))
			break;
		go_on();
		since = monotonic_time();
	}
	sort_out();
	return (struct caught){found.foreign, !found.is_news, found.error, found.has_self, since};
}
