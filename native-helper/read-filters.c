/*
 * read-filters: prints the seccomp filters of threads, as the kernel has them. Each thread is stopped as a debugger
 * stops it, for as long as its filters are copied, and goes on before they are printed. It takes CAP_SYS_ADMIN, no
 * filter on this process itself, and a kernel with CONFIG_CHECKPOINT_RESTORE. On standard output, for every thread in
 * the order of the arguments:
 *
 *	thread TID COUNT        COUNT lines with its filters follow, the newest first; 0 where the kernel shows none
 *	filter HEX              its instructions, 16 digits each, as in memory (struct sock_filter)
 *	same TID                as the thread before it that had a line 'thread'
 *	failed TID ERRNO        it could not be read: ESRCH where it has ended, ETIMEDOUT where it can't be stopped, as the
 *	                        parent of a vfork(2) can't before its child's exec
 *
 * The exit status is 0, or 1 if nothing could be printed.
 */
#include "fail.h"
#include "kernel-trace.h"
#include "launcher.h"
#include "memory.h"
#include "output.h"

const char program_name[] = "read-filters";

/* What the kernel has room for in one thread (MAX_INSNS_PER_PATH in kernel/seccomp.c counts four more for each). */
#define INSTRUCTIONS_MAX 32768U
#define FILTERS_MAX (INSTRUCTIONS_MAX / 5)

/* The filters of one thread, the oldest first. */
struct stack {
	uint32_t count;
	uint32_t total;
	uint16_t lengths[FILTERS_MAX];
	struct sock_filter instructions[INSTRUCTIONS_MAX];
};

static struct stack stacks[2];

/* A line of a word and two numbers, or of one where the other is negative. */
static void print_line(const char *word, int tid, int number)
{
	print(word);
	print_number((unsigned int)tid);
	if (number >= 0) {
		print_char(' ');
		print_number((unsigned int)number);
	}
	print_char('\n');
}

static void print_filter(const struct sock_filter *instructions, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = (const unsigned char *)instructions;
	print("filter ");
	for (size_t i = 0; i < length * sizeof *instructions; i++) {
		print_char(digits[bytes[i] >> 4]);
		print_char(digits[bytes[i] & 15]);
	}
	print_char('\n');
}

static void print_stack(int tid, const struct stack *stack)
{
	print_line("thread ", tid, (int)stack->count);
	const struct sock_filter *end = stack->instructions + stack->total;
	for (uint32_t i = stack->count; i > 0; i--) {
		end -= stack->lengths[i - 1];
		print_filter(end, stack->lengths[i - 1]);
	}
}

static int is_same_stack(const struct stack *a, const struct stack *b)
{
	return a->count == b->count && a->total == b->total &&
	       memcmp(a->lengths, b->lengths, a->count * sizeof a->lengths[0]) == 0 &&
	       memcmp(a->instructions, b->instructions, a->total * sizeof a->instructions[0]) == 0;
}

/* Copies the filter of an index, the oldest is 0. Returns 0 or a negative errno: ENOENT behind the last. */
static long read_filter(int tid, struct stack *stack)
{
	long length = kernel_ptrace(PTRACE_SECCOMP_GET_FILTER, tid, stack->count, 0);
	if (length < 0)
		return length;
	if (stack->count == FILTERS_MAX || (uint64_t)length > INSTRUCTIONS_MAX - stack->total)
		return -E2BIG;
	long copied = kernel_ptrace(PTRACE_SECCOMP_GET_FILTER, tid, stack->count,
				    (uintptr_t)(stack->instructions + stack->total));
	if (copied != length)
		return copied < 0 ? copied : -EIO;
	stack->lengths[stack->count++] = (uint16_t)length;
	stack->total += (uint32_t)length;
	return 0;
}

static long read_stack(int tid, struct stack *stack)
{
	stack->count = 0;
	stack->total = 0;
	long result = 0;
	while (result == 0)
		result = read_filter(tid, stack);
	/* A thread without filters has no first one; so it is where the kernel can't show any. */
	return result == -ENOENT || (result == -EINVAL && stack->count == 0) ? 0 : result;
}

/* How often all threads together are looked at again, for a second, each for a hundredth at least; in nanoseconds. */
#define LOOKS 10000U
#define LOOKS_EACH 100U
#define BETWEEN 100000

/* Waits until the thread stands still; the signal that it was about to get, or a negative errno. */
static long await_stop(int tid)
{
	static unsigned int looks;
	int status = 0;
	long result = kernel_wait(tid, &status, WALL | WNOHANG);
	for (unsigned int own = 0; result == 0 && (looks < LOOKS || own < LOOKS_EACH); looks++, own++) {
		(void)kernel_sleep(BETWEEN);
		result = kernel_wait(tid, &status, WALL | WNOHANG);
	}
	/* Still traced, it goes on with the end of this process at the latest. */
	if (result == 0)
		return -ETIMEDOUT;
	if (result < 0)
		return result;
	if ((status & 0xff) != 0x7f)
		return -ESRCH;
	return status >> 16 == 0 ? (status >> 8) & 0xff : 0;
}

static long read_thread(int tid, struct stack *stack)
{
	long result = kernel_ptrace(PTRACE_SEIZE, tid, 0, 0);
	if (result < 0)
		return result;
	result = kernel_ptrace(PTRACE_INTERRUPT, tid, 0, 0);
	if (result < 0)
		return result;
	long signal = await_stop(tid);
	if (signal < 0)
		return signal;
	result = read_stack(tid, stack);
	(void)kernel_ptrace(PTRACE_DETACH, tid, 0, (uintptr_t)signal);
	return result;
}

/* A thread's ID, or 0 for what is none. */
static int parse_tid(const char *word)
{
	unsigned int number = 0;
	for (const char *c = word; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || number > INT32_MAX / 10 - 1)
			return 0;
		number = 10 * number + (unsigned int)(*c - '0');
	}
	return (int)number;
}

/* Before any thread is touched. */
static void check_arguments(const char **words)
{
	static const char usage[] =
		"usage: read-filters TID...\n"
		"Prints the seccomp filters of threads. Part of sandbox-unit verify.\n";
	answer_help(*words, usage);
	if (*words == NULL)
		fail(EXIT_INVALID_ARGUMENT,
		     (struct failure){.what = "there is no thread", .hint = "see read-filters --help"});
	for (const char **word = words; *word != NULL; word++)
		if (parse_tid(*word) == 0)
			fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "no ID of a thread:", .name = *word});
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	(void)envp;
	(void)euid;
	const char **words = argv[0] == NULL ? argv : argv + 1;
	check_arguments(words);
	struct stack *next = &stacks[0];
	struct stack *before = NULL;
	for (; *words != NULL; words++) {
		int tid = parse_tid(*words);
		long result = read_thread(tid, next);
		if (result < 0) {
			print_line("failed ", tid, (int)-result);
		} else if (before != NULL && is_same_stack(before, next)) {
			print_line("same ", tid, -1);
		} else {
			print_stack(tid, next);
			before = next;
			next = next == &stacks[0] ? &stacks[1] : &stacks[0];
		}
	}
	flush();
	kernel_exit(0);
}
