#include "hold.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/fail.h"
#include "hosted/monotonic.h"
#include "control-group.h"

#define THREADS_MAX (1U << 17)

/* How long threads are waited for, in nanoseconds. */
#define PATIENCE 100000000
static const struct timespec between_looks = {.tv_nsec = 100000};

static struct thread held[THREADS_MAX];
static uint32_t held_count;

/* By a thread's ID: one more than its index in `held`, or 0 where it isn't there. */
static uint32_t places[TID_LIMIT];

struct thread *held_at(uint32_t index)
{
	return index < held_count ? &held[index] : NULL;
}

static struct thread *thread_of(int tid)
{
	if (places[tid] == 0) {
		if (held_count == THREADS_MAX) {
			release_all();
			fail(1, (struct failure){.what = "there are more threads than this has room for"});
		}
		held[held_count] = (struct thread){.tid = tid};
		places[tid] = ++held_count;
	}
	return &held[places[tid] - 1];
}

int hold(int tid)
{
	struct thread *thread = thread_of(tid);
	if (thread->state != FREE)
		return 0;
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) == 0 && ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0) {
		*thread = (struct thread){.tid = tid, .state = STOPPING};
		return 1;
	}
	/* A thread that can't be traced is tried again each time: another may have got its ID since. */
	int is_known = thread->error == errno && errno != ESRCH;
	thread->error = errno;
	return !is_known;
}

void lose(struct thread *thread)
{
	*thread = (struct thread){.tid = thread->tid, .error = ESRCH};
}

/* Looks whether a thread stands still by now. */
static void look(struct thread *thread)
{
	int status = 0;
	pid_t result = waitpid(thread->tid, &status, __WALL | WNOHANG);
	if (result == 0)
		return;
	if (result < 0 || !WIFSTOPPED(status)) {
		lose(thread);
		return;
	}
	thread->state = STOPPED;
	thread->error = 0;
	int is_event = status >> 16 != 0; /* PTRACE_EVENT_* (ptrace(2)) */
	thread->signal = is_event ? 0 : WSTOPSIG(status);
}

/* Looks at all that don't stand still yet. Returns how many are STOPPING; sets `freed` if a STUCK one moved on. */
static uint32_t look_at_all(int *freed)
{
	uint32_t moving = 0;
	for (struct thread *thread = held; thread < held + held_count; thread++) {
		enum hold_state before = thread->state;
		if (before == STOPPING || before == STUCK)
			look(thread);
		if (before == STUCK && thread->state != STUCK)
			*freed = 1;
		moving += thread->state == STOPPING;
	}
	return moving;
}

int await_stops(void)
{
	int freed = 0;
	int64_t end = monotonic_time() + PATIENCE;
	while (look_at_all(&freed) > 0 && monotonic_time() < end)
		(void)nanosleep(&between_looks, NULL);
	for (struct thread *thread = held; thread < held + held_count; thread++) {
		if (thread->state != STOPPING)
			continue;
		thread->state = STUCK;
		thread->error = ETIMEDOUT;
	}
	return freed;
}

void release_all(void)
{
	for (struct thread *thread = held; thread < held + held_count; thread++)
		if (thread->state == STOPPED)
			(void)ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(uintptr_t)thread->signal);
}
