#include "tracee.h"

#include "base/fail.h"

_Noreturn void give_up(const char *what, long error, const char *hint)
{
	fail(EXIT_SECCOMP, (struct failure){.what = what, .error = (int)error, .hint = hint});
}

static _Noreturn void give_up_tracing(long error)
{
	give_up("can't trace the program to its entry point", error,
		"another filter refuses ptrace: SystemCallFilter= must permit it");
}

void request(const struct tracee *tracee, unsigned int number, uintptr_t address, uintptr_t data)
{
	long result = kernel_ptrace(number, tracee->pid, address, data);
	if (result == -ESRCH)
		kernel_exit(0);
	if (result == -EIO)
		give_up("can't reach the memory of the program for stage 'entry'", EIO,
			"its file must be readable by the service's user");
	if (result < 0)
		give_up_tracing(-result);
}

uint64_t peek(const struct tracee *tracee, uintptr_t address)
{
	uint64_t word = 0;
	request(tracee, PTRACE_PEEKDATA, address, (uintptr_t)&word);
	return word;
}

void poke(const struct tracee *tracee, uintptr_t address, uint64_t word)
{
	request(tracee, PTRACE_POKEDATA, address, (uintptr_t)word);
}

struct registers read_registers(const struct tracee *tracee)
{
	struct registers registers = {0};
	struct iovec memory = {&registers, sizeof registers};
	request(tracee, PTRACE_GETREGSET, NT_PRSTATUS, (uintptr_t)&memory);
	if (memory.iov_len != sizeof registers)
		give_up("stage 'entry' can't serve a 32-bit program", 0, "use stage 'exec'");
	return registers;
}

void write_registers(const struct tracee *tracee, const struct registers *registers)
{
	struct registers copy = *registers;
	struct iovec memory = {&copy, sizeof copy};
	request(tracee, PTRACE_SETREGSET, NT_PRSTATUS, (uintptr_t)&memory);
}

int end_with(int status)
{
	if ((status & 0xff) != 0x7f)
		kernel_exit(0);
	return status;
}

int wait_for_stop(const struct tracee *tracee)
{
	int status = 0;
	long result = kernel_wait(tracee->pid, &status, __WALL);
	if (result < 0)
		give_up("can't wait for the program", -result, "another filter must permit wait4");
	return end_with(status);
}

int event_of(int status)
{
	return status >> 16;
}

int is_call_stop(int status)
{
	return status >> 8 == (SIGTRAP | CALL_STOP);
}

int signal_of(int status)
{
	return is_call_stop(status) ? 0 : status >> 8 & 0xff;
}

struct ptrace_syscall_info read_call_stop(const struct tracee *tracee)
{
	struct ptrace_syscall_info stop = {0};
	request(tracee, PTRACE_GET_SYSCALL_INFO, sizeof stop, (uintptr_t)&stop);
	if (stop.op != PTRACE_SYSCALL_INFO_ENTRY && stop.op != PTRACE_SYSCALL_INFO_EXIT)
		give_up_tracing(0);
	return stop;
}

/* Lets the process run to its next call stop. SIGSTOP, which can't be blocked, stops it once the tracer lets go. */
static struct ptrace_syscall_info run_to_call_stop(const struct tracee *tracee)
{
	int status, signal = 0;
	do {
		request(tracee, PTRACE_SYSCALL, 0, (uintptr_t)signal);
		status = wait_for_stop(tracee);
		signal = event_of(status) == 0 ? signal_of(status) : 0;
	} while (!is_call_stop(status));
	return read_call_stop(tracee);
}

static _Noreturn void give_up_call(void)
{
	give_up("the program evades its tracer at the entry point", 0, NULL);
}

/*
 * Other code can run before the call, or instead: in memory that others write to, or as the handler of a restartable
 * sequence (rseq(2)). At the call stop none can run any more: there the call is this one, or the tracer gives up.
 */
void begin_call(const struct tracee *tracee, uintptr_t place, long nr, uintptr_t a, uintptr_t b, uintptr_t c)
{
	struct registers registers = tracee->registers;
	registers_go_to(&registers, place);
	registers_set_call(&registers, nr, a, b, c);
	write_registers(tracee, &registers);
	struct ptrace_syscall_info stop = run_to_call_stop(tracee);
	const __u64 *args = stop.entry.args;
	if (stop.op != PTRACE_SYSCALL_INFO_ENTRY || stop.arch != NATIVE_ARCH || stop.entry.nr != (uint64_t)nr ||
	    args[0] != a || args[1] != b || args[2] != c)
		give_up_call();
}

long end_call(const struct tracee *tracee)
{
	struct ptrace_syscall_info stop = run_to_call_stop(tracee);
	if (stop.op != PTRACE_SYSCALL_INFO_EXIT)
		give_up_call();
	return stop.exit.rval;
}
