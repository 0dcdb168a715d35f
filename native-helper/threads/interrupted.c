#include "interrupted.h"

#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "eintr-calls.h"

#ifdef __x86_64__

#define X32_BIT 0x40000000U
#define RESTART_X86_64 219U
#define RESTART_I386 0U

/* The registers of a stopped thread tell of it. */
void see_call(int tid, struct thread_call *seen)
{
	(void)tid;
	*seen = (struct thread_call){.nr = NO_CALL_NOW};
}

/* A stopped thread's registers, and the ABI of the call that it is in. */
struct stop {
	struct user_regs_struct registers;
	uint32_t arch;
	uint32_t nr;
	int result; /* of the call, a negative errno */
	int is_in_call;
};

static int read_stop(int tid, struct stop *stop)
{
	struct __ptrace_syscall_info info = {0};
	if (ptrace(PTRACE_GETREGS, tid, NULL, &stop->registers) < 0 ||
	    ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof info, &info) < 0)
		return -1;
	stop->arch = info.arch;
	stop->nr = (uint32_t)stop->registers.orig_rax;
	stop->result = (int)stop->registers.rax;
	/* The kernel takes the lower half of a 32-bit call alone, too. */
	stop->is_in_call = (int64_t)stop->registers.orig_rax >= 0;
	return 0;
}

static int answers_eintr(const struct stop *stop)
{
	const uint32_t *calls = eintr_calls_x86_64;
	if (stop->arch == AUDIT_ARCH_I386)
		calls = eintr_calls_i386;
	else if (stop->nr & X32_BIT)
		calls = eintr_calls_x32;
	while (*calls != NO_CALL && *calls != stop->nr)
		calls++;
	return stop->is_in_call && stop->result == -EINTR && *calls != NO_CALL;
}

/* The number that the kernel begins a call anew by (get_nr_restart_syscall() in arch/x86/kernel/signal.c). */
static uint32_t number_again(const struct stop *stop)
{
	if (stop->result != -ERESTART_RESTARTBLOCK)
		return stop->nr;
	return stop->arch == AUDIT_ARCH_I386 ? RESTART_I386 : RESTART_X86_64 | (stop->nr & X32_BIT);
}

static struct seccomp_data call_again(const struct stop *stop)
{
	const struct user_regs_struct *registers = &stop->registers;
	struct seccomp_data call = {
		.nr = (int)number_again(stop),
		.arch = stop->arch,
		.instruction_pointer = registers->rip,
		.args = {registers->rdi, registers->rsi, registers->rdx, registers->r10, registers->r8, registers->r9},
	};
	if (stop->arch == AUDIT_ARCH_I386) {
		const uint64_t args[] = {registers->rbx, registers->rcx, registers->rdx,
					 registers->rsi, registers->rdi, registers->rbp};
		for (int i = 0; i < 6; i++)
			call.args[i] = (uint32_t)args[i];
	}
	return call;
}

int find_interrupted(int tid, const struct thread_call *seen, struct seccomp_data *call)
{
	(void)seen;
	struct stop stop;
	if (read_stop(tid, &stop) < 0)
		return -1;
	int is_restarted = stop.is_in_call && (stop.result == -ERESTARTSYS || stop.result == -ERESTARTNOINTR ||
					       stop.result == -ERESTARTNOHAND || stop.result == -ERESTART_RESTARTBLOCK);
	if (!is_restarted && !answers_eintr(&stop))
		return 0;
	*call = call_again(&stop);
	return 1;
}

void restart_interrupted(int tid, const struct thread_call *seen, int signal)
{
	(void)seen;
	(void)signal;
	struct stop stop;
	if (read_stop(tid, &stop) < 0 || !answers_eintr(&stop))
		return;
	stop.registers.rax = (uint64_t)-ERESTARTNOHAND;
	(void)ptrace(PTRACE_SETREGS, tid, NULL, &stop.registers);
}

#endif
