/*
 * The tracer of stage 'entry'. It puts a breakpoint on the entry point of the program that the process execs, and makes
 * the process load the policy's filter there. All else goes on as if nothing were traced, but for calls by which code
 * before the entry point could get a process past it.
 *
 * The process dies with its tracer, so that no failure lets it past its entry point without that filter. Hostile code
 * that never gets there, since it jumps past the breakpoint or overwrites it, stays traced and under the start filter.
 */
#include "trace.h"

#include "base/fail.h"
#include "base/text.h"
#include "seccomp/load.h"
#include "tracee.h"

/* Bytes below the stack pointer that x86-64 lets a function use. */
#define RED_ZONE 128U

/* The address of the aligned word that the entry point is in. An aligned word lies within one page. */
static uintptr_t text_address(const struct tracee *tracee)
{
	return tracee->entry & ~(uintptr_t)(WORD - 1);
}

/* The stack of a program at its first instruction: argc, arguments, 0, environment, 0, pairs of type and value. */
static uintptr_t find_entry(const struct tracee *tracee)
{
	struct registers registers = read_registers(tracee);
	uintptr_t at = registers_stack(&registers);
	uint64_t argc = peek(tracee, at);
	/* An x32 program has words of half the size there. */
	if (argc > UINT32_MAX)
		give_up("stage 'entry' can't serve an x32 program", 0, "use stage 'exec'");
	at += (argc + 2) * WORD;
	while (peek(tracee, at) != 0)
		at += WORD;
	for (at += WORD; peek(tracee, at) != AT_NULL; at += 2 * WORD)
		if (peek(tracee, at) == AT_ENTRY)
			return peek(tracee, at + WORD);
	give_up("the kernel doesn't tell the program's entry point", 0, NULL);
}

/* Puts the breakpoint on the entry point, and reads it back: without it the process would go on without the filter. */
static void set_breakpoint(struct tracee *tracee)
{
	tracee->entry = find_entry(tracee);
	uintptr_t address = text_address(tracee);
	tracee->text = peek(tracee, address);
	unsigned int shift = 8 * (unsigned int)(tracee->entry - address);
	uint64_t cover = ((1ULL << (8 * BREAKPOINT_SIZE)) - 1) << shift;
	uint64_t word = (tracee->text & ~cover) | (uint64_t)BREAKPOINT << shift;
	poke(tracee, address, word);
	if (peek(tracee, address) != word)
		give_up("can't stop the program at its entry point", 0, NULL);
}

/* Whether the process stopped by the breakpoint; if so, its registers are those of the entry point. */
static int is_at_entry(struct tracee *tracee, int status)
{
	if (tracee->entry == 0 || event_of(status) != 0 || signal_of(status) != SIGTRAP)
		return 0;
	tracee->registers = read_registers(tracee);
	if (registers_place(&tracee->registers) != tracee->entry + BREAKPOINT_ADVANCE)
		return 0;
	registers_go_to(&tracee->registers, tracee->entry);
	return 1;
}

/*
 * Refuses calls by which code before the entry point could evade the policy. A process or thread without the policy
 * could go on beside this one. A filter could answer the call that loads the policy. Asynchronous work of the kernel
 * could write over the program that is about to be loaded.
 *
 * The kernel shows a call here before filters see it, and then does just this call: no other thread could change it.
 * Stops by SECCOMP_RET_TRACE would be fewer, but filters stay, and without a tracer that one fails the calls. Events of
 * ptrace leave out processes that are cloned with CLONE_UNTRACED.
 */
static void check_call(const struct tracee *tracee)
{
	const char *hint = "use stage 'exec'";
	struct ptrace_syscall_info stop = read_call_stop(tracee);
	if (stop.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (stop.arch != NATIVE_ARCH)
		give_up("a library of the program makes a 32-bit call before the entry point", 0, hint);
	if (starts_process(&stop))
		give_up("a library of the program starts a thread or a process before the entry point", 0, hint);
	if (loads_filter(&stop))
		give_up("a library of the program loads a filter before the entry point", 0, hint);
	if (leaves_work(&stop))
		give_up("a library of the program begins asynchronous input or output before the entry point", 0, hint);
}

/* Lets the process go on from a stop, as it would without a tracer. */
static void pass(struct tracee *tracee, int status)
{
	int signal = signal_of(status);
	switch (event_of(status)) {
	case 0:
		/* Before the exec the process is the launcher. */
		if (is_call_stop(status) && tracee->entry != 0)
			check_call(tracee);
		request(tracee, PTRACE_SYSCALL, 0, (uintptr_t)signal);
		return;
	case PTRACE_EVENT_STOP:
		/* Stopped by SIGSTOP and the like, the process waits for SIGCONT, of which SIGTRAP tells. */
		request(tracee, signal == SIGTRAP ? PTRACE_SYSCALL : PTRACE_LISTEN, 0, 0);
		return;
	case PTRACE_EVENT_EXEC:
		set_breakpoint(tracee);
		request(tracee, PTRACE_SYSCALL, 0, 0);
		return;
	default:
		/* A thread or a process, by a call that check_call() doesn't know. */
		give_up("the program starts something before the entry point", 0, "use stage 'exec'");
	}
}

static uint64_t read_u64(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof word);
	return word;
}

/* Free stack, below the red zone, for a struct sock_fprog and the program behind it. */
static uintptr_t place_program(const struct tracee *tracee, const struct program *program)
{
	uintptr_t size = 2 * WORD + program->length * INSTRUCTION_SIZE;
	return (registers_stack(&tracee->registers) - RED_ZONE - size) & ~(uintptr_t)15;
}

static void write_program(const struct tracee *tracee, uintptr_t address, const struct program *program)
{
	uintptr_t instructions = address + 2 * WORD;
	poke(tracee, address, program->length);
	poke(tracee, address + WORD, instructions);
	for (uint32_t i = 0; i < program->length; i++)
		poke(tracee, instructions + i * WORD, read_u64(program->instructions + i * INSTRUCTION_SIZE));
}

/* Has the process exit with a status that tells why. If that fails the process dies with its tracer. */
static _Noreturn void refuse(const struct tracee *tracee, long result)
{
	long error = result < 0 ? -result : 0;
	report((struct failure){
		.what = "can't load the filter at the program's entry point",
		.error = (int)error,
		.hint = result == 0 ? "another filter fakes the call's success" : load_hint(error),
	});
	begin_call(tracee, text_address(tracee), __NR_exit_group, EXIT_SECCOMP, 0, 0);
	(void)end_call(tracee);
	kernel_exit(EXIT_SECCOMP);
}

/*
 * Has the process load the policy's filter, with all signals blocked until it is loaded. As in load_program(), a call
 * without a program goes first, by which a filter is found out that fakes success.
 */
static void load_filter(const struct tracee *tracee, const struct filter *filter)
{
	uint64_t mask = 0;
	const uint64_t all = UINT64_MAX;
	uintptr_t text = text_address(tracee);
	request(tracee, PTRACE_GETSIGMASK, sizeof mask, (uintptr_t)&mask);
	request(tracee, PTRACE_SETSIGMASK, sizeof all, (uintptr_t)&all);
	poke(tracee, text, CALL_INSTRUCTION);

	uintptr_t flags = SECCOMP_FILTER_FLAG_TSYNC;
	if (filter->flags & FILTER_LOG)
		flags |= SECCOMP_FILTER_FLAG_LOG;
	begin_call(tracee, text, __NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, 0);
	long result = end_call(tracee);
	if (result != -EFAULT)
		refuse(tracee, result);
	/* Once the kernel has taken the call up no other code runs before it reads the program. */
	uintptr_t program = place_program(tracee, &filter->main);
	begin_call(tracee, text, __NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
	write_program(tracee, program, &filter->main);
	result = end_call(tracee);
	if (result != 0)
		refuse(tracee, result);

	poke(tracee, text, tracee->text);
	write_registers(tracee, &tracee->registers);
	request(tracee, PTRACE_SETSIGMASK, sizeof mask, (uintptr_t)&mask);
}

long trace_begin(int pid, int *status)
{
	const uintptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
				  PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	long result = kernel_ptrace(PTRACE_SEIZE, pid, 0, options);
	/* Only a tracer may wait for a process that isn't its child: wait4 fails if a filter has faked the success. */
	*status = 0;
	if (result == 0)
		result = kernel_wait(pid, status, WNOHANG | __WALL);
	return result < 0 ? result : 0;
}

_Noreturn void trace(int pid, int status, const struct filter *filter)
{
	struct tracee tracee = {.pid = pid};
	status = status == 0 ? wait_for_stop(&tracee) : end_with(status);
	while (!is_at_entry(&tracee, status)) {
		pass(&tracee, status);
		status = wait_for_stop(&tracee);
	}
	load_filter(&tracee, filter);
	request(&tracee, PTRACE_DETACH, 0, 0);
	kernel_exit(0);
}
