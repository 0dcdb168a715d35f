#include "catch.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <time.h>

#include "hosted/monotonic.h"
#include "threads/hold.h"
#include "threads/listing.h"
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

/* The last listing of the control group, and what was seen since. */
static struct listing last;
static int last_error;

static void list(const char *group, int64_t end, int is_thorough)
{
	last.is_news = 0;
	last.foreign = 0;
	begin_pass();
	last_error = hold_group(group, end, is_thorough, &last);
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

/*
 * Lets threads that stand still before a signal have it, and stops them behind it: the stop for a signal has taken the
 * place of the one that was asked for (ptrace_stop() in kernel/signal.c). Returns how many there were.
 */
static int deliver_signals(void)
{
	int count = 0;
	struct thread *thread;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++) {
		if (thread->state != STOPPED || thread->signal == 0)
			continue;
		count++;
		if (ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL) == 0 &&
		    ptrace(PTRACE_CONT, thread->tid, NULL, (void *)(uintptr_t)thread->signal) == 0)
			*thread = (struct thread){.tid = thread->tid,
						  .state = STOPPING,
						  .pass = thread->pass,
						  .may_work = thread->may_work,
						  .seen = thread->seen};
		else
			lose(thread);
	}
	return count;
}

/*
 * Lists and stops until listings bring no new thread, or until `end`. Where all stood still before, a listing without
 * news needs not be thorough: nobody is left who could move a thread.
 */
static void stop_all(const char *group, int64_t end, int is_thorough)
{
	int quiet = 0;
	do {
		list(group, end, is_thorough);
		do
			last.is_news |= await_stops(PATIENCE, PATIENCE_WITH_RUNNING);
		while (deliver_signals() > 0 && monotonic_time() < end);
		last.is_news |= lose_gone() > 0;
		quiet = last.is_news ? 0 : quiet + 1;
		is_thorough |= last.is_news;
	} while (quiet < QUIET_LISTINGS && last_error == 0 && monotonic_time() < end);
	last.is_news = quiet < QUIET_LISTINGS;
}

/* Lets all go on until those that couldn't be stopped stand still, which stay so. */
static void go_on(void)
{
	int64_t end = monotonic_time() + TIME_TO_GO_ON;
	release_all();
	do {
		(void)nanosleep(&between_looks, NULL);
		(void)await_stops(0, 0);
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
	int64_t end = monotonic_time() + TIME_TO_CATCH;
	int64_t since;
	for (;;) {
		if (!is_final)
			look_ahead(group, end);
		since = monotonic_time();
		int is_last = is_final || since > end;
		stop_all(group, is_last ? since + TIME_FOR_LAST : end, !is_final);
		if (is_last || last_error != 0 || (count_late() == 0 && !last.is_news))
			break;
		go_on();
	}
	sort_out();
	return (struct caught){last.foreign, !last.is_news, last_error, last.has_self, since};
}
