#include "catch.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "hosted/monotonic.h"
#include "proc.h"
#include "threads/control-group.h"
#include "threads/hold.h"

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
	int error = list_group(group, end, meet);
	if (error == ETIMEDOUT)
		found.is_news = 1;
	if (error == 0 || error == ETIMEDOUT)
		return;
	release_all();
	fail(1, (struct failure){.what = "can't list the threads of", .name = group, .error = error});
}

/* Counts threads that don't stop, or of them those that need a processor for it. Those that work for the kernel needn't. */
static unsigned int count_stuck(int is_running)
{
	unsigned int count = 0;
	const struct thread *thread;
	struct proc_thread shown;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		count += thread->state == STUCK && is_listed(thread) && read_proc(thread->tid, &shown) == 0 &&
			 !shown.is_worker && !(is_running && shown.waits_for_kernel);
	return count;
}

static void await_all(void)
{
	int64_t end = monotonic_time() + PATIENCE_WITH_RUNNING;
	found.is_news |= await_stops(PATIENCE);
	while (count_stuck(1) > 0 && monotonic_time() < end) {
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
	} while (quiet < 2 && monotonic_time() < end);
}

/* Lets all go on until those that couldn't be stopped stand still, which stay so. */
static void go_on(void)
{
	int64_t end = monotonic_time() + TIME_TO_GO_ON;
	release_all();
	do {
		(void)nanosleep(&between_looks, NULL);
		(void)await_stops(0);
	} while (count_stuck(0) > 0 && monotonic_time() < end);
}

/* Lets those go that had a thread's ID when it was stopped, and aren't of the group. Returns how many others there are. */
static unsigned int sort_out(void)
{
	unsigned int count = 0;
	struct thread *thread;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++) {
		if (thread->state != STOPPED)
			continue;
		if (is_listed(thread))
			count++;
		else
			release(thread);
	}
	return count;
}

struct caught catch_group(const char *group, int is_final)
{
	int64_t since = monotonic_time();
	int64_t end = since + TIME_TO_CATCH;
	for (;;) {
		int is_last = is_final || monotonic_time() > end;
		stop_all(group, is_last ? monotonic_time() + TIME_FOR_LAST : end);
		if (is_last || (count_stuck(0) == 0 && !found.is_news))
			break;
		go_on();
		since = monotonic_time();
	}
	unsigned int threads = sort_out();
	return (struct caught){threads, found.foreign, !found.is_news, found.has_self, since};
}
