#include "stacks.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>

/* The kernel's limit for a thread's filters (MAX_INSNS_PER_PATH in kernel/seccomp.c, which counts four more for each). */
#define INSTRUCTIONS_MAX 32768U
#define FILTERS_MAX (INSTRUCTIONS_MAX / 5)

/* The room for all threads. Pages that aren't written take no memory, but are counted by vm.overcommit_memory=2. */
#define STACKS 4096U
#define ROOM_INSTRUCTIONS (256U * INSTRUCTIONS_MAX)
#define ROOM_LENGTHS (256U * FILTERS_MAX)

static struct sock_filter instructions[ROOM_INSTRUCTIONS];
static uint16_t lengths[ROOM_LENGTHS];
static struct stack stacks[STACKS];
static uint32_t stack_count, instruction_count, length_count;

/* Copies the filter of an index, the oldest is 0, behind those before it. Returns its length, or -1 with an errno. */
static long read_filter(int tid, uint32_t index, struct sock_filter *to, uint32_t room)
{
	void *nth = (void *)(uintptr_t)index;
	long length = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, nth, NULL);
	if (length < 0)
		return -1;
	if (length > room || index == FILTERS_MAX || length_count + index == ROOM_LENGTHS) {
		errno = E2BIG;
		return -1;
	}
	long copied = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, nth, to);
	if (copied < 0 || copied == length)
		return copied;
	errno = EIO;
	return -1;
}

static int is_same(const struct stack *a, const struct stack *b)
{
	return a->count == b->count && a->total == b->total &&
	       memcmp(a->lengths, b->lengths, a->count * sizeof a->lengths[0]) == 0 &&
	       memcmp(a->instructions, b->instructions, a->total * sizeof a->instructions[0]) == 0;
}

/* The kept stack that equals this one, or NULL where there is no room for it. */
static struct stack *keep(struct stack read)
{
	for (struct stack *known = stacks; known < stacks + stack_count; known++)
		if (is_same(known, &read))
			return known;
	if (stack_count == STACKS)
		return NULL;
	instruction_count += read.total;
	length_count += read.count;
	stacks[stack_count] = read;
	return &stacks[stack_count++];
}

int read_stack(int tid, struct stack **stack)
{
	struct sock_filter *place = instructions + instruction_count;
	struct stack read = {.lengths = lengths + length_count, .instructions = place};
	uint32_t left = ROOM_INSTRUCTIONS - instruction_count;
	uint32_t room = left < INSTRUCTIONS_MAX ? left : INSTRUCTIONS_MAX;
	long result = 0;
	while ((result = read_filter(tid, read.count, place + read.total, room - read.total)) >= 0) {
		lengths[length_count + read.count++] = (uint16_t)result;
		read.total += (uint32_t)result;
	}
	/* ENOENT comes behind the last filter; EINVAL of a thread that has none, and where the kernel can't show any. */
	if (errno != ENOENT && !(errno == EINVAL && read.count == 0))
		return errno;
	*stack = keep(read);
	return *stack == NULL ? E2BIG : 0;
}
