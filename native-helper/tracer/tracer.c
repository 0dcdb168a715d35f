/*
 * How the tracer of stage 'entry' comes to be: forked twice, so that the process between the two, which is waited for,
 * takes the parenthood with it, and the program never has a child. The two ends of a socket tell each other a number
 * at a time:
 *
 *	from the process between   the tracer's PID, or a negative errno
 *	to the tracer              0: it may trace now
 *	from the tracer            0: it does; TRACER_IS_CHILD; or a negative errno
 */
#include "tracer.h"

#include "base/fail.h"
#include "kernel-trace.h"
#include "trace.h"

#define TRACER_IS_CHILD 1

/* Sends a number to the other end, without SIGPIPE if that is gone. */
static long tell(int end, int number)
{
	return kernel_send(end, &number, sizeof number, MSG_NOSIGNAL);
}

/* The number that the other end tells, or -EPIPE when that is gone. */
static int hear(int end)
{
	int number = 0;
	return kernel_read(end, &number, sizeof number) == (long)sizeof number ? number : -EPIPE;
}

static long close_between(unsigned int low, unsigned int high)
{
	return low < high ? kernel_close_range(low, high - 1) : 0;
}

/*
 * Closes all but standard error and `end`: a file that the service closes must not stay open here. Returns 0 or a
 * negative errno.
 */
static long close_others(unsigned int end)
{
	unsigned int low = end < 2 ? end : 2;
	unsigned int high = end < 2 ? 2 : end;
	long result = close_between(0, low);
	if (result == 0)
		result = close_between(low + 1, high);
	if (result == 0)
		result = kernel_close_range(high + 1, UINT32_MAX);
	return result;
}

/* The tracer's parent has ended, and an init or a subreaper has taken it over. That must not be the program itself. */
static int seize(int pid, int *status)
{
	if (kernel_getppid() == pid)
		return TRACER_IS_CHILD;
	return (int)trace_begin(pid, status);
}

/* Keeps code before the entry point, which runs as the same user, from the tracer. Returns 0 if it can't. */
static int hide(void)
{
	return kernel_prctl(PR_SET_DUMPABLE, 0, 0) == 0 && kernel_prctl(PR_GET_DUMPABLE, 0, 0) == 0;
}

static _Noreturn void be_tracer(int end, int pid, const struct filter *filter)
{
	if (!hide() || close_others((unsigned int)end) != 0 || hear(end) != 0)
		kernel_exit(0);
	int status = 0;
	int answer = seize(pid, &status);
	if (tell(end, answer) < 0 || answer != 0)
		kernel_exit(0);
	trace(pid, status, filter);
}

static _Noreturn void start_and_end(int end, int pid, const struct filter *filter)
{
	long tracer = kernel_fork();
	if (tracer == 0)
		be_tracer(end, pid, filter);
	kernel_exit(tell(end, (int)tracer) < 0);
}

static _Noreturn void fail_start(long error)
{
	const char *hint = "another filter must permit its calls; or use stage 'exec'";
	if (error == EAGAIN)
		hint = "TasksMax= or LimitNPROC= must leave room for two processes";
	else if (error == ENOSYS)
		hint = "it needs Linux 5.9; use stage 'exec'";
	fail(EXIT_SECCOMP, (struct failure){
				   .what = "can't start the tracer of stage 'entry'",
				   .error = (int)error,
				   .hint = hint,
			   });
}

static _Noreturn void fail_seize(int answer)
{
	struct failure failure = {.what = "can't trace this process for stage 'entry'", .error = -answer};
	if (answer == TRACER_IS_CHILD)
		failure = (struct failure){
			.what = "stage 'entry' can't serve the init of a PID namespace or a subreaper",
			.hint = "leave PrivatePIDs= out, or use stage 'exec'",
		};
	else if (answer == -EPERM)
		failure.hint = "ptrace is refused here, by kernel.yama.ptrace_scope or another filter; use stage 'exec'";
	else if (answer == -EPIPE)
		failure = (struct failure){.what = "the tracer of stage 'entry' has died"};
	fail(EXIT_SECCOMP, failure);
}

/* Forks with all signals blocked, which stay so in the tracer: a signal to the group is the program's business. */
static long start(const int ends[2], const struct filter *filter)
{
	uint64_t mask = 0;
	int pid = kernel_getpid();
	long result = kernel_sigmask(UINT64_MAX, &mask);
	if (result < 0)
		return result;
	long child = kernel_fork();
	if (child == 0)
		start_and_end(ends[1], pid, filter);
	result = kernel_sigmask(mask, NULL);
	return child < 0 || result == 0 ? child : result;
}

void start_tracer(const struct filter *filter)
{
	int ends[2] = {-1, -1};
	long result = kernel_socketpair(ends);
	if (result < 0)
		fail_start(-result);
	long child = start(ends, filter);
	if (child < 0)
		fail_start(-child);
	/* As long as this end is open here the tracer's death doesn't end the socket. */
	result = kernel_close_range((unsigned int)ends[1], (unsigned int)ends[1]);
	if (result < 0)
		fail_start(-result);
	int status = -1;
	result = kernel_wait((int)child, &status, __WALL);
	if (result < 0)
		fail_start(-result);
	int tracer = status == 0 ? hear(ends[0]) : -EPIPE;
	if (tracer < 0)
		fail_start(-tracer);

	/* Where Yama lets processes be traced by their ancestors alone, this lets the tracer, too. Without Yama it fails. */
	(void)kernel_prctl(PR_SET_PTRACER, (uintptr_t)tracer, 0);
	int answer = tell(ends[0], 0) < 0 ? -EPIPE : hear(ends[0]);
	(void)kernel_prctl(PR_SET_PTRACER, 0, 0);
	if (answer != 0)
		fail_seize(answer);
}
