#include "hold.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "hosted/monotonic.h"
#include "control-group.h"
#include "interrupted.h"
#include "thread-stat.h"

#define THREADS_MAX (1U << 17)

static const struct timespec between_looks = {.tv_nsec = 100000};

/* How long those that don't stand still yet are waited for when all go on, in nanoseconds. */
#define TIME_TO_RELEASE 1000000000

static struct thread held[THREADS_MAX];
static uint32_t held_count;
static unsigned int pass;

/* By a thread's ID: one more than its index in `held`, or 0 where it isn't there. */
static uint32_t places[TID_LIMIT];

struct thread *held_at(uint32_t index)
{
	return index < held_count ? &held[index] : NULL;
}

/* The entry of a thread, or NULL where there is no room for it. */
static struct thread *thread_of(int tid)
{
	if (places[tid] == 0 && held_count == THREADS_MAX)
		return NULL;
	if (places[tid] == 0) {
		held[held_count] = (struct thread){.tid = tid};
		places[tid] = ++held_count;
	}
	return &held[places[tid] - 1];
}

int is_held(int tid)
{
	return places[tid] != 0 && held[places[tid] - 1].state != FREE;
}

/* Ticks of the timer since a call began that may wait for good, from 1 on, or 0 where there is none. */
static volatile sig_atomic_t seizing;
static sigjmp_buf given_up;

/*
 * After as many ticks a thread counts as one that can't be traced. Where one has been given up, others of its process wait
 * for the same, and have less time.
 */
#define SEIZING_TICKS 100
#define SEIZING_TICKS_LATER 2
static volatile sig_atomic_t seizing_ticks = SEIZING_TICKS;

/* Takes the end of a thread, and no stop. */
static void reap(struct thread *thread)
{
	siginfo_t seen = {0};
	const int options = WEXITED | WNOHANG | __WALL;
	int is_ours = waitid(P_PID, (id_t)thread->tid, &seen, options | WNOWAIT) == 0;
	if (seen.si_code == CLD_EXITED || seen.si_code == CLD_KILLED || seen.si_code == CLD_DUMPED)
		is_ours = waitid(P_PID, (id_t)thread->tid, &seen, options) < 0;
	thread->is_unreaped &= is_ours;
}

/*
 * Another thread's exec(2) waits until its process's threads, which are held here, have ended and been waited for. It
 * keeps its process from being traced meanwhile: ptrace(2) would wait here for good.
 */
static void reap_ended(int number)
{
	(void)number;
	int error = errno;
	for (uint32_t i = 0; seizing > 0 && i < held_count; i++)
		if (held[i].state != FREE || held[i].is_unreaped)
			reap(&held[i]);
	errno = error;
	/* The call has been broken off, and would begin anew. */
	if (seizing > 0 && ++seizing > seizing_ticks)
		siglongjmp(given_up, 1);
}

static void set_reaping(suseconds_t interval)
{
	struct sigaction action = {.sa_handler = reap_ended};
	struct itimerval timer = {{.tv_usec = interval}, {.tv_usec = interval}};
	if (interval != 0)
		(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void begin_pass(void)
{
	pass++;
	seizing_ticks = SEIZING_TICKS;
	set_reaping(REAPING_INTERVAL);
}

int is_listed(const struct thread *thread)
{
	return thread->pass == pass;
}

static int seize(int tid, struct thread_call *seen)
{
	volatile long result = -1;
	if (sigsetjmp(given_up, 1) == 0) {
		seizing = 1;
		result = ptrace(PTRACE_SEIZE, tid, NULL, NULL);
	} else {
		seizing_ticks = SEIZING_TICKS_LATER;
		errno = ETIMEDOUT;
	}
	seizing = 0;
	if (result < 0 && errno != EPERM)
		return 0;
	/* A thread that has taken this ID by an exec(2) is traced from here already, and can't be seized again. */
	int error = errno;
	see_call(tid, seen);
	int is_stopping = ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0;
	if (result < 0)
		errno = has_ended(tid) ? ESRCH : error;
	return is_stopping;
}

static int is_worker(int tid)
{
	struct thread_stat stat;
	return read_thread_stat(tid, &stat) == 0 && stat.is_worker;
}

/* A stop would have a worker of io_uring's break off what it is at, and the process told EINTR. */
int hold(int tid)
{
	int may_work = !is_held(tid) && is_worker(tid);
	if (may_work && runs_no_code(tid))
		return 0;
	struct thread *thread = thread_of(tid);
	if (thread == NULL)
		return 1;
	thread->pass = pass;
	if (thread->state != FREE)
		return 0;
	struct thread_call seen = {.nr = NO_CALL_NOW};
	if (seize(tid, &seen)) {
		*thread = (struct thread){
			.tid = tid, .state = STOPPING, .pass = pass, .may_work = may_work, .seen = seen};
		return 1;
	}
	/* A thread that can't be traced is tried again each time: another may have got its ID since. */
	int is_known = thread->error == errno && errno != ESRCH;
	thread->error = errno;
	return !is_known;
}

int hold_unlisted(int tid)
{
	unsigned int last = places[tid] == 0 ? 0 : held[places[tid] - 1].pass;
	int is_news = hold(tid);
	struct thread *thread = places[tid] == 0 ? NULL : &held[places[tid] - 1];
	if (thread == NULL)
		return is_news;
	thread->pass = last;
	return is_news || (thread->state == FREE && !is_listed(thread));
}

void lose(struct thread *thread)
{
	*thread = (struct thread){.tid = thread->tid, .error = ESRCH, .pass = thread->pass, .is_unreaped = 1};
}

int lose_if_gone(struct thread *thread)
{
	unsigned long message;
	if (thread->state != STOPPED || ptrace(PTRACE_GETEVENTMSG, thread->tid, NULL, &message) == 0)
		return 0;
	lose(thread);
	return 1;
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

/*
 * Looks at all that don't stand still yet. Returns how many are STOPPING; sets `freed` if a STUCK one moved on.
 *
 * An exec(2) of a process with several threads may forget that a stop was asked for (zap_other_threads() in
 * kernel/signal.c). One that was asked of another than its first thread may go to an ID that is gone by then.
 */
static uint32_t look_at_all(int *freed)
{
	uint32_t moving = 0;
	for (struct thread *thread = held; thread < held + held_count; thread++) {
		enum hold_state before = thread->state;
		if (before == STOPPING || before == STUCK)
			look(thread);
		if (thread->is_unreaped)
			reap(thread);
		if (before == STUCK && thread->state != STUCK)
			*freed = 1;
		else if (before == STUCK)
			(void)ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL);
		moving += thread->state == STOPPING;
	}
	return moving;
}

/* Whether a thread is about to stop that only has to be given a processor for it. */
static int is_one_late(void)
{
	struct thread_stat stat;
	for (const struct thread *thread = held; thread < held + held_count; thread++)
		if (thread->state == STUCK && read_thread_stat(thread->tid, &stat) == 0 && !stat.has_ended &&
		    !stat.waits_for_kernel)
			return 1;
	return 0;
}

int await_stops(int64_t patience, int64_t patience_with_running)
{
	int freed = 0;
	int64_t start = monotonic_time();
	while (look_at_all(&freed) > 0 && monotonic_time() < start + patience)
		(void)nanosleep(&between_looks, NULL);
	for (struct thread *thread = held; thread < held + held_count; thread++) {
		if (thread->state != STOPPING)
			continue;
		thread->state = STUCK;
		thread->error = ETIMEDOUT;
	}
	while (monotonic_time() < start + patience_with_running && is_one_late()) {
		(void)nanosleep(&between_looks, NULL);
		(void)look_at_all(&freed);
	}
	return freed;
}

void release(struct thread *thread)
{
	restart_interrupted(thread->tid, &thread->seen, thread->signal);
	(void)ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(uintptr_t)thread->signal);
	thread->state = FREE;
}

/* Their `error` stays: they haven't stood still with the others. */
static void release_late(void)
{
	for (struct thread *thread = held; thread < held + held_count; thread++) {
		int error = thread->error;
		if (thread->state != STUCK)
			continue;
		look(thread);
		if (thread->state == STOPPED)
			release(thread);
		thread->error = error;
	}
}

/* Those that were asked to stop would see the answer of an interrupted call, weren't they let go as the others are. */
void release_all(void)
{
	int64_t end = monotonic_time() + TIME_TO_RELEASE;
	for (struct thread *thread = held; thread < held + held_count; thread++)
		if (thread->state == STOPPED)
			release(thread);
	while (is_one_late() && monotonic_time() < end) {
		(void)nanosleep(&between_looks, NULL);
		release_late();
	}
	set_reaping(0);
}
