#include "tracee.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosted/monotonic.h"
#include "machine.h"
#include "proc.h"

/* How long a thread may take to the next stop, in nanoseconds. */
#define PATIENCE 5000000000

#define CALL_STOP (SIGTRAP | 0x80)
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)

/* Where the pointer to the critical section is in struct rseq (linux/rseq.h). */
#define RSEQ_SECTION_OFFSET 8

/* Requests that an older C library doesn't name. */
#define GET_RSEQ_CONFIGURATION 0x420f
#define GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211

void bind_life(int tid, int is_bound)
{
	(void)ptrace(PTRACE_SETOPTIONS, tid, NULL, (void *)(uintptr_t)(is_bound ? OPTIONS : 0));
}

static enum outcome failed(void)
{
	return errno == ESRCH ? GONE : UNTRACED;
}

/* SIGALRM, which hold() has come again and again, interrupts the wait. */
static enum outcome await_stop(int tid, int64_t end, int *status)
{
	pid_t result;
	while ((result = waitpid(tid, status, __WALL)) < 0 && errno == EINTR)
		if (monotonic_time() > end)
			return LATE;
	return result == tid && WIFSTOPPED(*status) ? DONE : GONE;
}

static int is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

/* With all signals blocked, others than SIGSTOP come from a fault of the thread's. */
static int is_fault(int status)
{
	return status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != CALL_STOP;
}

/* Which stop is waited for: before or behind a call, or the one that was asked for. */
enum next_stop { AT_CALL, WHERE_ASKED };

/* Any stop takes the place of one that was asked for, and it has to be asked for again (ptrace_stop() in kernel/signal.c). */
static int let_run(int tid, enum next_stop next, uintptr_t signal)
{
	if (next == WHERE_ASKED && ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return -1;
	return ptrace(PTRACE_SYSCALL, tid, NULL, (void *)signal) < 0 ? -1 : 0;
}

/* Whether a thread stands behind a call. One that was late may stand before one of its own when it is to be brought back. */
static int has_called(int tid)
{
	struct __ptrace_syscall_info stop = {0};
	return ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof stop, &stop) > 0 &&
	       stop.op == PTRACE_SYSCALL_INFO_EXIT;
}

static enum outcome run_to_stop(struct tracee *tracee, enum next_stop next)
{
	int64_t end = monotonic_time() + PATIENCE;
	for (int signal = 0;;) {
		int status = 0;
		if (!tracee->is_running && let_run(tracee->tid, next, (uintptr_t)signal) < 0)
			return failed();
		tracee->is_running = 1;
		enum outcome outcome = await_stop(tracee->tid, end, &status);
		if (outcome != DONE)
			return outcome;
		tracee->is_running = 0;
		int is_call = WSTOPSIG(status) == CALL_STOP;
		if (next == WHERE_ASKED ? is_event_stop(status) : is_call)
			return DONE;
		/* No filter would see the call: those that the thread has are suspended. */
		if (is_fault(status) || (is_call && !has_called(tracee->tid)))
			return EVADED;
		signal = status >> 16 == 0 && WSTOPSIG(status) == SIGSTOP ? SIGSTOP : 0;
	}
}

static int is_expected(const struct tracee *tracee, const struct injected_call *call,
		       const struct __ptrace_syscall_info *stop)
{
	return stop->op == PTRACE_SYSCALL_INFO_ENTRY && (stop->arch == AUDIT_ARCH_I386) == tracee->site.is_32 &&
	       stop->entry.nr == (tracee->site.is_32 ? call->nr_32 : call->nr) &&
	       memcmp(stop->entry.args, call->arguments, sizeof call->arguments) == 0;
}

/* Other code can run before the call, or instead of it, in memory that others write to. At its stop none can any more. */
enum outcome make_call(struct tracee *tracee, const struct injected_call *call, int64_t *result)
{
	struct __ptrace_syscall_info stop = {0};
	if (set_call(tracee, call) < 0)
		return failed();
	tracee->is_moved = 1;
	enum outcome outcome = run_to_stop(tracee, AT_CALL);
	if (outcome != DONE)
		return outcome;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, (void *)sizeof stop, &stop) < 0)
		return failed();
	if (!is_expected(tracee, call, &stop))
		return EVADED;
	outcome = run_to_stop(tracee, AT_CALL);
	if (outcome != DONE)
		return outcome;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, (void *)sizeof stop, &stop) < 0)
		return failed();
	*result = stop.exit.rval;
	return stop.op == PTRACE_SYSCALL_INFO_EXIT ? DONE : EVADED;
}

int put_word(const struct tracee *tracee, uint64_t at, uint64_t word)
{
	return ptrace(PTRACE_POKEDATA, tracee->tid, (void *)(uintptr_t)at, (void *)(uintptr_t)word) == 0;
}

/* Before Linux 5.13 rseq(2) may be there, and ptrace(2) not tell of it. */
static int has_rseq(void)
{
	int error = errno;
	int is_there = syscall(SYS_rseq, NULL, 0, 0, 0) == 0 || errno != ENOSYS;
	errno = error;
	return is_there;
}

static int is_section_at_hand(const struct tracee *tracee)
{
	int result = is_at_hand(tracee->tid, tracee->rseq_slot, sizeof tracee->rseq_section);
	errno = EFAULT;
	return result;
}

/*
 * A thread that goes on outside of its critical section loses the section, and later wouldn't abort it. No call is made
 * in a section (rseq(2)).
 */
static enum outcome keep_section(struct tracee *tracee)
{
	struct {
		uint64_t at;
		uint32_t size, signature, flags, pad;
	} area = {0};
	if (is_in_call(tracee))
		return DONE;
	if (ptrace(GET_RSEQ_CONFIGURATION, tracee->tid, (void *)sizeof area, &area) < 0) {
		if (errno != EIO)
			return failed();
		return has_rseq() ? SEQUENCE : DONE;
	}
	if (area.at == 0)
		return DONE;
	tracee->rseq_slot = area.at + RSEQ_SECTION_OFFSET;
	if (!is_section_at_hand(tracee))
		return failed();
	errno = 0;
	tracee->rseq_section = (uint64_t)ptrace(PTRACE_PEEKDATA, tracee->tid, (void *)tracee->rseq_slot, NULL);
	return errno == 0 ? DONE : failed();
}

/* A thread that was in no section is in none now. Returns whether it has its section. */
static int give_section(const struct tracee *tracee)
{
	if (tracee->rseq_section == 0)
		return 1;
	return is_section_at_hand(tracee) && put_word(tracee, tracee->rseq_slot, tracee->rseq_section);
}

/* Such a thread has calls handed back to it, as signals (prctl(2)). Before Linux 6.4 ptrace(2) doesn't tell of it. */
static int takes_calls_itself(const struct tracee *tracee)
{
	struct {
		uint64_t mode, selector, offset, length;
	} dispatch = {0};
	return ptrace(GET_SYSCALL_USER_DISPATCH_CONFIG, tracee->tid, (void *)sizeof dispatch, &dispatch) == 0 &&
	       dispatch.mode != 0;
}

static int set_mask(int tid, uint64_t mask)
{
	return ptrace(PTRACE_SETSIGMASK, tid, (void *)sizeof mask, &mask) < 0 ? -1 : 0;
}

enum outcome enter(struct tracee *tracee)
{
	const uintptr_t options = OPTIONS | PTRACE_O_SUSPEND_SECCOMP;
	if (read_machine(tracee) < 0 ||
	    ptrace(PTRACE_GETSIGMASK, tracee->tid, (void *)sizeof tracee->mask, &tracee->mask) < 0)
		return failed();
	if (takes_calls_itself(tracee))
		return DISPATCHED;
	if (!find_site(tracee))
		return NO_CALL;
	enum outcome outcome = keep_section(tracee);
	if (outcome != DONE)
		return outcome;
	if (ptrace(PTRACE_SETOPTIONS, tracee->tid, NULL, (void *)options) < 0)
		return failed();
	tracee->is_entered = 1;
	return set_mask(tracee->tid, UINT64_MAX) < 0 ? failed() : DONE;
}

/* Has a thread that has run stop before its way out of the kernel. */
static enum outcome stop_again(struct tracee *tracee)
{
	struct injected_call call;
	int64_t result;
	/* One that hasn't run in time is still where it was. */
	if (!tracee->is_running && find_last_call(tracee, &call)) {
		enum outcome outcome = make_call(tracee, &call, &result);
		if (outcome != DONE)
			return outcome;
		if (return_to_call(tracee) < 0)
			return failed();
	}
	if (tracee->is_running && ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL) < 0)
		return failed();
	return run_to_stop(tracee, WHERE_ASKED);
}

/*
 * The registers are put back at a stop before the thread's way out of the kernel. There, and not behind a call, the
 * kernel still begins an interrupted call anew.
 */
enum outcome leave(struct tracee *tracee)
{
	if (!tracee->is_entered)
		return DONE;
	if (tracee->is_moved) {
		enum outcome outcome = stop_again(tracee);
		if (outcome != DONE)
			return outcome;
		if (write_machine(tracee) < 0)
			return failed();
	}
	if (set_mask(tracee->tid, tracee->mask) < 0)
		return failed();
	if (!give_section(tracee))
		return failed();
	tracee->is_entered = 0;
	tracee->is_moved = 0;
	bind_life(tracee->tid, 1);
	return DONE;
}
