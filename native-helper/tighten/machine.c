#include "machine.h"

#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>

#include "proc.h"

#ifdef __x86_64__

/* Code segments of user mode (arch/x86/include/asm/segment.h). */
#define CODE_64 0x33
#define CODE_32 0x23

#define INSTRUCTION_SIZE 2
#define TRAP_FLAG 0x100ULL

/* More than a vDSO has. */
#define VDSO_ROOM 16384

static const uint8_t call_64[INSTRUCTION_SIZE] = {0x0f, 0x05}; /* syscall */
static const uint8_t call_32[INSTRUCTION_SIZE] = {0xcd, 0x80}; /* int $0x80 */

int read_machine(struct tracee *tracee)
{
	return ptrace(PTRACE_GETREGS, tracee->tid, NULL, &tracee->registers) < 0 ? -1 : 0;
}

int write_machine(const struct tracee *tracee)
{
	struct user_regs_struct registers = tracee->registers;
	return ptrace(PTRACE_SETREGS, tracee->tid, NULL, &registers) < 0 ? -1 : 0;
}

int is_in_call(const struct tracee *tracee)
{
	return (int64_t)tracee->registers.orig_rax >= 0;
}

static int find_in_vdso(struct tracee *tracee, const uint8_t *wanted)
{
	static uint8_t text[VDSO_ROOM];
	uint64_t from = find_vdso(tracee->tid);
	size_t size = from == 0 ? 0 : read_memory(tracee->tid, from, text, sizeof text);
	const uint8_t *found = memmem(text, size, wanted, INSTRUCTION_SIZE);
	if (found == NULL)
		return 0;
	tracee->site.at = from + (uint64_t)(found - text);
	return 1;
}

int find_site(struct tracee *tracee)
{
	const struct user_regs_struct *registers = &tracee->registers;
	uint8_t bytes[INSTRUCTION_SIZE];
	if (registers->cs != CODE_64 && registers->cs != CODE_32)
		return 0;
	tracee->site.is_32 = registers->cs == CODE_32;
	const uint8_t *wanted = tracee->site.is_32 ? call_32 : call_64;
	tracee->site.at = registers->rip - INSTRUCTION_SIZE;
	if (is_in_call(tracee) && is_at_hand(tracee->tid, tracee->site.at, sizeof bytes) &&
	    read_memory(tracee->tid, tracee->site.at, bytes, sizeof bytes) == sizeof bytes &&
	    memcmp(bytes, wanted, sizeof bytes) == 0)
		return 1;
	return find_in_vdso(tracee, wanted);
}

int set_call(const struct tracee *tracee, const struct injected_call *call)
{
	struct user_regs_struct registers = tracee->registers;
	const uint64_t *arguments = call->arguments;
	registers.rip = tracee->site.at;
	registers.eflags &= ~TRAP_FLAG;
	registers.orig_rax = UINT64_MAX; /* no call to begin anew */
	registers.rax = tracee->site.is_32 ? call->nr_32 : call->nr;
	if (tracee->site.is_32) {
		registers.rbx = arguments[0];
		registers.rcx = arguments[1];
		registers.rdx = arguments[2];
		registers.rsi = arguments[3];
		registers.rdi = arguments[4];
		registers.rbp = arguments[5];
	} else {
		registers.rdi = arguments[0];
		registers.rsi = arguments[1];
		registers.rdx = arguments[2];
		registers.r10 = arguments[3];
		registers.r8 = arguments[4];
		registers.r9 = arguments[5];
	}
	return ptrace(PTRACE_SETREGS, tracee->tid, NULL, &registers) < 0 ? -1 : 0;
}

/* The kernel looks at the registers behind the stop, and sees the call in them that was interrupted. */
int find_last_call(const struct tracee *tracee, struct injected_call *call)
{
	(void)tracee;
	(void)call;
	return 0;
}

int return_to_call(const struct tracee *tracee)
{
	(void)tracee;
	return 0;
}

#endif
