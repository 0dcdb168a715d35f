#include "interpret.h"

#include <string.h>

struct machine {
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
	const struct seccomp_data *call;
	int is_broken; /* by an instruction that seccomp(2) doesn't take */
};

static uint32_t load_call(struct machine *machine, uint32_t offset)
{
	uint32_t word = 0;
	if (offset % sizeof word != 0 || offset > sizeof *machine->call - sizeof word)
		machine->is_broken = 1;
	else
		memcpy(&word, (const uint8_t *)machine->call + offset, sizeof word);
	return word;
}

static uint32_t *slot(struct machine *machine, uint32_t k)
{
	if (k >= BPF_MEMWORDS)
		machine->is_broken = 1;
	return &machine->memory[k % BPF_MEMWORDS];
}

/* The word that a load brings into A or X. */
static uint32_t load(struct machine *machine, const struct sock_filter *instruction)
{
	switch (BPF_MODE(instruction->code)) {
	case BPF_IMM:
		return instruction->k;
	case BPF_MEM:
		return *slot(machine, instruction->k);
	case BPF_LEN:
		return sizeof *machine->call;
	case BPF_ABS:
		if (instruction->code == (BPF_LD | BPF_W | BPF_ABS))
			return load_call(machine, instruction->k);
		break;
	default:
		break;
	}
	machine->is_broken = 1;
	return 0;
}

/* Shifts by 32 and more, which the kernel refuses as constants, are taken by their lower five bits elsewhere. */
static uint32_t compute(struct machine *machine, uint32_t operation, uint32_t a, uint32_t operand)
{
	switch (operation) {
	case BPF_ADD:
		return a + operand;
	case BPF_SUB:
		return a - operand;
	case BPF_MUL:
		return a * operand;
	case BPF_DIV:
		if (operand != 0)
			return a / operand;
		/* The kernel ends the program, which answers 0. */
		machine->is_broken = 1;
		return 0;
	case BPF_OR:
		return a | operand;
	case BPF_AND:
		return a & operand;
	case BPF_XOR:
		return a ^ operand;
	case BPF_LSH:
		return a << (operand & 31);
	case BPF_RSH:
		return a >> (operand & 31);
	case BPF_NEG:
		return 0U - a;
	default:
		machine->is_broken = 1;
		return 0;
	}
}

/* How far a jump goes behind the next instruction. */
static uint32_t jump(struct machine *machine, const struct sock_filter *instruction, uint32_t operand)
{
	int holds = 0;
	switch (BPF_OP(instruction->code)) {
	case BPF_JA:
		return instruction->k;
	case BPF_JEQ:
		holds = machine->a == operand;
		break;
	case BPF_JGT:
		holds = machine->a > operand;
		break;
	case BPF_JGE:
		holds = machine->a >= operand;
		break;
	case BPF_JSET:
		holds = (machine->a & operand) != 0;
		break;
	default:
		machine->is_broken = 1;
	}
	return holds ? instruction->jt : instruction->jf;
}

/* Does all but a return and a jump. */
static void step(struct machine *machine, const struct sock_filter *instruction, uint32_t operand)
{
	switch (BPF_CLASS(instruction->code)) {
	case BPF_LD:
		machine->a = load(machine, instruction);
		break;
	case BPF_LDX:
		machine->x = load(machine, instruction);
		break;
	case BPF_ST:
		*slot(machine, instruction->k) = machine->a;
		break;
	case BPF_STX:
		*slot(machine, instruction->k) = machine->x;
		break;
	case BPF_ALU:
		machine->a = compute(machine, BPF_OP(instruction->code), machine->a, operand);
		break;
	default: /* BPF_MISC */
		if (BPF_MISCOP(instruction->code) == BPF_TAX)
			machine->x = machine->a;
		else
			machine->a = machine->x;
	}
}

uint32_t interpret(const struct sock_filter *program, uint32_t length, const struct seccomp_data *call)
{
	struct machine machine = {.call = call};
	for (uint32_t at = 0; at < length && !machine.is_broken; at++) {
		const struct sock_filter *instruction = &program[at];
		uint32_t operand = BPF_SRC(instruction->code) == BPF_X ? machine.x : instruction->k;
		if (BPF_CLASS(instruction->code) == BPF_RET)
			return BPF_RVAL(instruction->code) == BPF_A ? machine.a : instruction->k;
		if (BPF_CLASS(instruction->code) != BPF_JMP) {
			step(&machine, instruction, operand);
			continue;
		}
		uint32_t distance = jump(&machine, instruction, operand);
		/* Jumps go forward only, and end within the program. */
		if (distance >= length - at)
			machine.is_broken = 1;
		else
			at += distance;
	}
	return SECCOMP_RET_KILL_THREAD;
}
