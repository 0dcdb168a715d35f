/*
 * arm64's kernel brings most calls back to their beginning before the stop (do_signal() in arch/arm64/kernel/signal.c).
 * The registers then look as if the thread were about to make the call, and don't tell the result by which the kernel
 * goes on. Calls that answer EINTR look as if they had ended, and their first argument is in no register: it is the one
 * that the thread was seen with. Where it wasn't seen asleep, such a call has just begun, and its EINTR stays.
 */
#include "interrupted.h"

#ifdef __aarch64__

#include <asm/unistd.h>
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <time.h>

#include "eintr-calls.h"

#define CALL_INSTRUCTION 0xd4000001U /* svc #0 */
#define CALL_SIZE 4

void see_call(int tid, struct thread_call *seen)
{
	uint64_t sleeps = count_sleeps(tid);
	(void)read_thread_call(tid, seen);
	seen->sleeps = sleeps;
}

/* 32-bit code has fewer registers. */
static int read_registers(int tid, struct user_regs_struct *registers)
{
	struct iovec memory = {registers, sizeof *registers};
	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &memory) < 0)
		return -1;
	if (memory.iov_len == sizeof *registers)
		return 0;
	errno = EOPNOTSUPP;
	return -1;
}

/* The thread hasn't run since it was seen in the call, but for returning from it and making the same one. */
static int was_seen(const struct user_regs_struct *registers, const struct thread_call *seen, uint64_t place)
{
	return seen->nr >= 0 && (uint64_t)seen->nr == registers->regs[8] && seen->stack == registers->sp &&
	       seen->place == place + CALL_SIZE &&
	       memcmp(&seen->arguments[1], &registers->regs[1], 5 * sizeof registers->regs[1]) == 0;
}

static int is_at_call(int tid, uint64_t place)
{
	errno = 0;
	long word = ptrace(PTRACE_PEEKTEXT, tid, (void *)place, NULL);
	return errno == 0 && (uint32_t)word == CALL_INSTRUCTION;
}

static int result_of_futex(const uint64_t arguments[6])
{
	int operation = (int)arguments[1] & FUTEX_CMD_MASK;
	if (operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET)
		return -ERESTARTNOINTR;
	return arguments[3] != 0 ? -ERESTART_RESTARTBLOCK : -ERESTARTSYS;
}

/* The result by which a call is made again, as the kernel's sources have it. */
static int result_of(uint32_t nr, const uint64_t arguments[6])
{
	switch (nr) {
	case __NR_nanosleep:
	case __NR_restart_syscall:
		return -ERESTART_RESTARTBLOCK;
	case __NR_clock_nanosleep:
		return arguments[1] & TIMER_ABSTIME ? -ERESTARTNOHAND : -ERESTART_RESTARTBLOCK;
	case __NR_futex:
		return result_of_futex(arguments);
	case __NR_io_pgetevents:
	case __NR_msgrcv:
	case __NR_msgsnd:
	case __NR_ppoll:
	case __NR_pselect6:
	case __NR_rt_sigsuspend:
		return -ERESTARTNOHAND;
	case __NR_clone:
	case __NR_clone3:
		return -ERESTARTNOINTR;
	default:
		return -ERESTARTSYS;
	}
}

/*
 * The result for a thread that has just begun the call, or is about to. It begins anew, whatever was left of its time.
 * A handler breaks off those that are only made to wait; others may be of no kind that answers EINTR.
 */
static int result_of_unseen(uint32_t nr, const uint64_t arguments[6])
{
	int result = result_of(nr, arguments);
	return result == -ERESTART_RESTARTBLOCK || result == -ERESTARTNOHAND ? -ERESTARTNOHAND : -ERESTARTNOINTR;
}

static int is_listed_call(uint32_t nr)
{
	const uint32_t *calls = eintr_calls_arm64;
	while (*calls != NO_CALL && *calls != nr)
		calls++;
	return *calls != NO_CALL;
}

/* A stop is a sleep, too. Were there another, the call could be a later one, with another first argument. */
static void find(int tid, const struct user_regs_struct *registers, const struct thread_call *seen,
		 struct interrupted *interrupted)
{
	uint64_t *arguments = interrupted->arguments;
	*interrupted = (struct interrupted){.nr = (uint32_t)registers->regs[8], .place = registers->pc};
	memcpy(arguments, registers->regs, sizeof interrupted->arguments);
	if (was_seen(registers, seen, registers->pc)) {
		interrupted->is_there = 1;
		interrupted->result = result_of(interrupted->nr, arguments);
	} else if ((int64_t)registers->regs[0] == -EINTR && is_listed_call(interrupted->nr) &&
		   was_seen(registers, seen, registers->pc - CALL_SIZE) &&
		   count_sleeps(tid) == seen->sleeps + 1) {
		interrupted->is_there = 1;
		interrupted->result = -ERESTARTNOHAND;
		interrupted->place -= CALL_SIZE;
		arguments[0] = seen->arguments[0];
	} else if (is_at_call(tid, registers->pc)) {
		interrupted->is_there = 1;
		interrupted->result = result_of_unseen(interrupted->nr, arguments);
	}
}

int read_interrupted(int tid, const struct thread_call *seen, struct interrupted *interrupted)
{
	struct user_regs_struct registers;
	if (read_registers(tid, &registers) < 0)
		return -1;
	find(tid, &registers, seen, interrupted);
	return 0;
}

int find_interrupted(int tid, const struct thread_call *seen, struct seccomp_data *call)
{
	struct interrupted interrupted;
	if (read_interrupted(tid, seen, &interrupted) < 0)
		return -1;
	uint32_t nr = interrupted.result == -ERESTART_RESTARTBLOCK ? __NR_restart_syscall : interrupted.nr;
	*call = (struct seccomp_data){.nr = (int)nr, .arch = AUDIT_ARCH_AARCH64};
	call->instruction_pointer = interrupted.place + CALL_SIZE;
	for (int i = 0; i < 6; i++)
		call->args[i] = interrupted.arguments[i];
	return interrupted.is_there;
}

static void write_registers(int tid, struct user_regs_struct registers)
{
	struct iovec memory = {&registers, sizeof registers};
	(void)ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &memory);
}

/* The kernel doesn't answer EINTR for a handler here: whether one will run is looked up as late as can be. */
void restart_interrupted(int tid, const struct thread_call *seen, int signal)
{
	struct user_regs_struct registers, again;
	struct interrupted interrupted;
	if (read_registers(tid, &registers) < 0)
		return;
	find(tid, &registers, seen, &interrupted);
	if (!interrupted.is_there || interrupted.place == registers.pc)
		return;
	again = registers;
	again.pc = interrupted.place;
	again.regs[0] = interrupted.arguments[0];
	write_registers(tid, again);
	if (has_signal_to_handle(tid, signal))
		write_registers(tid, registers);
}

#endif
