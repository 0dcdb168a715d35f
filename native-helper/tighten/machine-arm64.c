#include "machine.h"

#ifdef __aarch64__

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "proc.h"

/* Notes of the registers of SVE, and of those of SME's streaming mode (linux/elf.h). */
#define SVE 0x405U
#define STREAMING_SVE 0x40bU

/* As many bytes as the longest vectors take that the architecture has. */
#define VECTORS_ROOM 16384

/* In the flags of struct vectors: the registers hold more than those of 128 bits. */
#define ARE_LONG 1U

/* The bits of pstate that let only a landing pad follow an indirect branch (BTI). */
#define BRANCH_TYPE 0xc00ULL

#define INSTRUCTION_SIZE 4

/* More than a vDSO has. */
#define VDSO_ROOM 65536

static const uint8_t call_bytes[INSTRUCTION_SIZE] = {0x01, 0x00, 0x00, 0xd4}; /* svc #0 */

/* struct user_sve_header (asm/ptrace.h), and what follows it. */
struct vectors {
	uint32_t size, max_size;
	uint16_t length, max_length, flags, reserved;
	uint8_t registers[VECTORS_ROOM];
};

static int get_registers(int tid, uintptr_t type, void *registers, size_t *size)
{
	struct iovec memory = {registers, *size};
	if (ptrace(PTRACE_GETREGSET, tid, (void *)type, &memory) < 0)
		return -1;
	*size = memory.iov_len;
	return 0;
}

static int set_registers(int tid, uintptr_t type, void *registers, size_t size)
{
	struct iovec memory = {registers, size};
	return ptrace(PTRACE_SETREGSET, tid, (void *)type, &memory) < 0 ? -1 : 0;
}

/* A call takes the upper parts of long vectors away, and ends streaming mode. */
static int keep_vectors(struct tracee *tracee)
{
	static const uint32_t types[] = {SVE, STREAMING_SVE};
	static struct vectors vectors;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t size = sizeof vectors;
		vectors.flags = 0;
		/* Another failure is that of a machine without them. */
		if (get_registers(tracee->tid, types[i], &vectors, &size) < 0 && errno == ESRCH)
			return -1;
		if (!(vectors.flags & ARE_LONG))
			continue;
		tracee->vectors = malloc(size);
		if (tracee->vectors == NULL || size < vectors.size) {
			errno = tracee->vectors == NULL ? ENOMEM : EMSGSIZE;
			return -1;
		}
		memcpy(tracee->vectors, &vectors, size);
		tracee->vectors_size = size;
		tracee->vectors_type = types[i];
		break;
	}
	return 0;
}

int read_machine(struct tracee *tracee)
{
	size_t size = sizeof tracee->registers;
	if (get_registers(tracee->tid, NT_PRSTATUS, &tracee->registers, &size) < 0 ||
	    read_interrupted(tracee->tid, &tracee->seen, &tracee->interrupted) < 0)
		return -1;
	if (!tracee->interrupted.is_there)
		return keep_vectors(tracee);
	/* So the kernel has them before it goes on with the call. */
	tracee->registers.pc = tracee->interrupted.place;
	tracee->registers.regs[0] = tracee->interrupted.arguments[0];
	return 0;
}

int write_machine(const struct tracee *tracee)
{
	struct user_regs_struct registers = tracee->registers;
	if (tracee->vectors != NULL &&
	    set_registers(tracee->tid, tracee->vectors_type, tracee->vectors, tracee->vectors_size) < 0)
		return -1;
	return set_registers(tracee->tid, NT_PRSTATUS, &registers, sizeof registers);
}

int is_in_call(const struct tracee *tracee)
{
	return tracee->interrupted.is_there;
}

/*
 * Where the thread waits in a call, the kernel may set the number of the next one that is made by the same instruction:
 * that of restart_syscall(2).
 */
int find_site(struct tracee *tracee)
{
	static uint8_t text[VDSO_ROOM];
	uint64_t from = find_vdso(tracee->tid);
	size_t size = from == 0 ? 0 : read_memory(tracee->tid, from, text, sizeof text);
	for (size_t at = 0; at + INSTRUCTION_SIZE <= size; at += INSTRUCTION_SIZE) {
		if (memcmp(text + at, call_bytes, INSTRUCTION_SIZE) != 0 || from + at == tracee->interrupted.place)
			continue;
		tracee->site.at = from + at;
		return 1;
	}
	return 0;
}

int set_call(const struct tracee *tracee, const struct injected_call *call)
{
	struct user_regs_struct registers = tracee->registers;
	registers.pc = tracee->site.at;
	registers.pstate &= ~BRANCH_TYPE;
	registers.regs[8] = call->nr;
	memcpy(registers.regs, call->arguments, sizeof call->arguments);
	return set_registers(tracee->tid, NT_PRSTATUS, &registers, sizeof registers);
}

/* The kernel keeps the first argument of a call apart from the registers. Another call brings it there. */
int find_last_call(const struct tracee *tracee, struct injected_call *call)
{
	if (!tracee->interrupted.is_there)
		return 0;
	*call = (struct injected_call){.nr = SYS_getpid};
	memcpy(call->arguments, tracee->interrupted.arguments, sizeof call->arguments);
	return 1;
}

int return_to_call(const struct tracee *tracee)
{
	struct user_regs_struct registers = tracee->registers;
	const struct interrupted *interrupted = &tracee->interrupted;
	registers.pc = interrupted->place + INSTRUCTION_SIZE;
	registers.regs[0] = (unsigned long long)interrupted->result;
	int number = (int)interrupted->nr;
	if (set_registers(tracee->tid, NT_PRSTATUS, &registers, sizeof registers) < 0)
		return -1;
	return set_registers(tracee->tid, NT_ARM_SYSTEM_CALL, &number, sizeof number);
}

#endif
