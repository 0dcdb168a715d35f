#include "list-filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

/* The first number of x32 on x86-64. Higher ones are x32's, too, but -1, which tracers write to skip a call. */
#define X32_FIRST 0x40000000U
#define SKIPPED_CALL 0xffffffffU

/* Numbers of x32's calls without their bit, which kernels for x86-64 before Linux 5.4 take. */
#define X32_BARE_FIRST 512U
#define X32_BARE_LAST 547U

/* At most every number has another verdict than the one before; three steps more are behind the numbers. */
#define STEPS_MAX (CALL_NUMBERS + 3)

/* The verdict by number: it changes at every step, beginning with the verdict of 0. */
struct steps {
	uint32_t count;
	int is_allowed_first;
	uint32_t first[STEPS_MAX];
};

struct writer {
	struct sock_filter *program;
	uint32_t length;
	uint32_t refusal;
};

/* The head, and for each step a return and a branch of two. */
#define HEAD_LENGTH 9U
_Static_assert(HEAD_LENGTH + 3 * STEPS_MAX <= PROGRAM_MAX, "the longest filter must fit");

static void put(struct writer *writer, struct sock_filter instruction)
{
	writer->program[writer->length++] = instruction;
}

static void put_load(struct writer *writer, size_t offset)
{
	put(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void put_return(struct writer *writer, uint32_t action)
{
	put(writer, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void put_jump(struct writer *writer, uint16_t comparison, uint32_t value, uint8_t if_true, uint8_t if_false)
{
	put(writer, (struct sock_filter)BPF_JUMP(BPF_JMP | comparison | BPF_K, value, if_true, if_false));
}

static void put_head(struct writer *writer, uint32_t arch)
{
	uint32_t nr_close = (uint32_t)call_number("close", 5, arch);
	put_load(writer, offsetof(struct seccomp_data, arch));
	put_jump(writer, BPF_JEQ, arch, 1, 0);
	put_return(writer, writer->refusal);
	put_load(writer, offsetof(struct seccomp_data, nr));
	put_jump(writer, BPF_JEQ, nr_close, 0, 4);
	put_load(writer, offsetof(struct seccomp_data, args[0]));
	put_jump(writer, BPF_JEQ, MARK_DESCRIPTOR, 0, 1);
	put_return(writer, SECCOMP_RET_ERRNO | MARK_ERRNO);
	put_load(writer, offsetof(struct seccomp_data, nr));
}

static int is_allowed(uint32_t arch, enum list_kind kind, const uint8_t *listed, uint32_t number)
{
	if (arch == AUDIT_ARCH_X86_64 && number >= X32_BARE_FIRST && number <= X32_BARE_LAST)
		return 0;
	return (listed[number] != 0) == (kind == LIST_ALLOWS);
}

/* Adds a step where the verdict changes. */
static void step(struct steps *steps, uint32_t number, int allowed)
{
	int last = steps->is_allowed_first ^ (int)((steps->count - 1) & 1);
	if (allowed != last)
		steps->first[steps->count++] = number;
}

static void find_steps(struct steps *steps, uint32_t arch, enum list_kind kind, const uint8_t *listed)
{
	steps->is_allowed_first = is_allowed(arch, kind, listed, 0);
	steps->first[0] = 0;
	steps->count = 1;
	for (uint32_t number = 1; number < CALL_NUMBERS; number++)
		step(steps, number, is_allowed(arch, kind, listed, number));
	step(steps, CALL_NUMBERS, kind == LIST_DENIES);
	if (arch == AUDIT_ARCH_X86_64) {
		step(steps, X32_FIRST, 0);
		step(steps, SKIPPED_CALL, kind == LIST_DENIES);
	}
}

/* A balanced search over the steps from `from` to before `to`, for a number in A. */
static void put_search(struct writer *writer, const struct steps *steps, uint32_t from, uint32_t to)
{
	if (to - from == 1) {
		int allowed = steps->is_allowed_first ^ (int)(from & 1);
		put_return(writer, allowed ? SECCOMP_RET_ALLOW : writer->refusal);
		return;
	}
	uint32_t middle = from + (to - from) / 2;
	put_jump(writer, BPF_JGE, steps->first[middle], 0, 1);
	/* A jump of its own, since a branch reaches only 255 instructions. */
	uint32_t jump = writer->length;
	put(writer, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	put_search(writer, steps, from, middle);
	writer->program[jump].k = writer->length - (jump + 1);
	put_search(writer, steps, middle, to);
}

uint32_t list_filter_write(struct sock_filter program[PROGRAM_MAX], uint32_t arch, enum list_kind kind,
			   const uint8_t listed[CALL_NUMBERS], uint32_t refusal)
{
	struct steps steps;
	find_steps(&steps, arch, kind, listed);
	struct writer writer = {.program = program, .refusal = refusal};
	put_head(&writer, arch);
	put_search(&writer, &steps, 0, steps.count);
	return writer.length;
}
