/*
 * The tracer of stage 'entry'. It lets the process pass through everything as if it weren't traced, puts a breakpoint on
 * the entry point of the program that it execs, and makes it load the policy's filter there.
 *
 * The process dies with its tracer, so that no failure lets it past its entry point without that filter. What runs before
 * the entry point is trusted not to go around it: the breakpoint is in memory that it can write.
 */
#include "trace.h"

#include "fail.h"
#include "kernel-trace.h"
#include "load.h"
#include "memory.h"

/* What x86-64 lets a function use below its stack pointer. */
#define RED_ZONE 128U

#define WORD sizeof(uint64_t)

struct tracee {
	int pid;
	uintptr_t entry;            /* 0 before the exec */
	uint64_t text;              /* the word of the program that the entry point is in */
	struct registers registers; /* at the entry point */
};

static _Noreturn void give_up(const char *what, long error, const char *hint)
{
	fail(EXIT_SECCOMP, (struct failure){.what = what, .error = (int)error, .hint = hint});
}

/* A request to a process that somebody killed fails: the rest is the kernel's. */
static void request(const struct tracee *tracee, unsigned int number, uintptr_t address, uintptr_t data)
{
	long result = kernel_ptrace(number, tracee->pid, address, data);
	if (result == -ESRCH)
		kernel_exit(0);
	if (result == -EIO)
		give_up("can't reach the memory of the program for stage 'entry'", EIO,
			"its file must be readable by the service's user");
	if (result < 0)
		give_up("can't trace the program to its entry point", -result,
			"another filter refuses ptrace: SystemCallFilter= must permit it");
}

static uint64_t peek(const struct tracee *tracee, uintptr_t address)
{
	uint64_t word = 0;
	request(tracee, PTRACE_PEEKDATA, address, (uintptr_t)&word);
	return word;
}

static void poke(const struct tracee *tracee, uintptr_t address, uint64_t word)
{
	request(tracee, PTRACE_POKEDATA, address, (uintptr_t)word);
}

static struct registers read_registers(const struct tracee *tracee)
{
	struct registers registers = {0};
	struct memory memory = {&registers, sizeof registers};
	request(tracee, PTRACE_GETREGSET, NT_PRSTATUS, (uintptr_t)&memory);
	if (memory.size != sizeof registers)
		give_up("stage 'entry' can't serve a 32-bit program", 0, "use stage 'exec'");
	return registers;
}

static void write_registers(const struct tracee *tracee, const struct registers *registers)
{
	struct registers copy = *registers;
	struct memory memory = {&copy, sizeof copy};
	request(tracee, PTRACE_SETREGSET, NT_PRSTATUS, (uintptr_t)&memory);
}

/* Where the process has ended, so does the tracer. */
static int end_with(int status)
{
	if ((status & 0xff) != 0x7f)
		kernel_exit(0);
	return status;
}

/* Waits until the process stops, and returns its status in the form of wait(2). */
static int wait_for_stop(const struct tracee *tracee)
{
	int status = 0;
	long result = kernel_wait(tracee->pid, &status, WALL);
	if (result < 0)
		give_up("can't wait for the program", -result, "another filter must permit wait4");
	return end_with(status);
}

static int event_of(int status)
{
	return status >> 16;
}

static int signal_of(int status)
{
	return status >> 8 & 0xff;
}

/* The address of the aligned word that the entry point is in: it lies within one page, as the entry point does. */
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

/* Reads back what it has written: a process that nothing stops at its entry point would go on without the filter. */
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

/* Lets the process go on from a stop, as it would without a tracer. */
static void pass(struct tracee *tracee, int status)
{
	int signal = signal_of(status);
	switch (event_of(status)) {
	case 0:
		request(tracee, PTRACE_CONT, 0, (uintptr_t)signal);
		return;
	case PTRACE_EVENT_STOP:
		/* SIGSTOP and the like have stopped it: it waits for SIGCONT, which is told by SIGTRAP. */
		request(tracee, signal == SIGTRAP ? PTRACE_CONT : PTRACE_LISTEN, 0, 0);
		return;
	case PTRACE_EVENT_EXEC:
		set_breakpoint(tracee);
		request(tracee, PTRACE_CONT, 0, 0);
		return;
	default:
		/* It would keep the filter of the start. */
		give_up("a library of the program starts a thread or a process before the entry point", 0,
			"use stage 'exec'");
	}
}

/* Runs to the next entry into a call or return from one. A signal that can't be blocked stops the process later. */
static void run_to_call_stop(const struct tracee *tracee)
{
	int signal = 0;
	for (;;) {
		request(tracee, PTRACE_SYSCALL, 0, (uintptr_t)signal);
		int status = wait_for_stop(tracee);
		if (status >> 8 == (SIGTRAP | 0x80))
			return;
		signal = event_of(status) == 0 ? signal_of(status) : 0;
	}
}

/* Has the process make a call by the instruction that stands where its entry point is. */
static long call(const struct tracee *tracee, long nr, uintptr_t a, uintptr_t b, uintptr_t c)
{
	struct registers registers = tracee->registers;
	registers_go_to(&registers, text_address(tracee));
	registers_set_call(&registers, nr, a, b, c);
	write_registers(tracee, &registers);
	run_to_call_stop(tracee);
	run_to_call_stop(tracee);
	registers = read_registers(tracee);
	return registers_result(&registers);
}

static uint64_t read_u64(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof word);
	return word;
}

/*
 * Writes a struct sock_fprog and the program behind it to free stack, and returns its address. Nothing puts back what
 * was there: below the stack pointer is what the dynamic linker left.
 */
static uintptr_t write_program(const struct tracee *tracee, const struct program *program)
{
	uintptr_t size = 2 * WORD + program->length * INSTRUCTION_SIZE;
	uintptr_t address = (registers_stack(&tracee->registers) - RED_ZONE - size) & ~(uintptr_t)15;
	uintptr_t instructions = address + 2 * WORD;
	poke(tracee, address, program->length);
	poke(tracee, address + WORD, instructions);
	for (uint32_t i = 0; i < program->length; i++)
		poke(tracee, instructions + i * WORD, read_u64(program->instructions + i * INSTRUCTION_SIZE));
	return address;
}

/* Ends the process with a status that tells why, now that it can still be made to; else by the tracer's end. */
static _Noreturn void refuse(const struct tracee *tracee, long result)
{
	long error = result < 0 ? -result : 0;
	report((struct failure){
		.what = "can't load the filter at the program's entry point",
		.error = (int)error,
		.hint = result == 0 ? "another filter fakes the call's success" : load_hint(error),
	});
	(void)call(tracee, NR_exit_group, EXIT_SECCOMP, 0, 0);
	kernel_exit(EXIT_SECCOMP);
}

/* All signals wait until this is over. As in the launcher, a call without a program unmasks a filter that fakes it. */
static void load_filter(const struct tracee *tracee, const struct filter *filter)
{
	uint64_t mask = 0;
	const uint64_t all = UINT64_MAX;
	request(tracee, PTRACE_GETSIGMASK, sizeof mask, (uintptr_t)&mask);
	request(tracee, PTRACE_SETSIGMASK, sizeof all, (uintptr_t)&all);
	poke(tracee, text_address(tracee), CALL_INSTRUCTION);

	uintptr_t flags = SECCOMP_FILTER_FLAG_TSYNC;
	if (filter->flags & FILTER_LOG)
		flags |= SECCOMP_FILTER_FLAG_LOG;
	long result = call(tracee, NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, 0);
	if (result != -EFAULT)
		refuse(tracee, result);
	uintptr_t program = write_program(tracee, &filter->main);
	result = call(tracee, NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
	if (result != 0)
		refuse(tracee, result);

	poke(tracee, text_address(tracee), tracee->text);
	write_registers(tracee, &tracee->registers);
	request(tracee, PTRACE_SETSIGMASK, sizeof mask, (uintptr_t)&mask);
}

long trace_begin(int pid, int *status)
{
	const uintptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
				  PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	long result = kernel_ptrace(PTRACE_SEIZE, pid, 0, options);
	/* Only a tracer may wait for a process that isn't its child: a filter that fakes the success is found out. */
	*status = 0;
	if (result == 0)
		result = kernel_wait(pid, status, WNOHANG | WALL);
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
