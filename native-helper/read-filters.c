/*
 * read-filters: prints the seccomp filters of threads, as the kernel has them. It stops the threads as a debugger does,
 * looks for more in their control groups until there are none, and copies the filters while all stand still: a thread
 * that is stopped starts no other. All go on before anything is printed, after a second at the latest. It takes
 * CAP_SYS_ADMIN, no filter on this process itself, and a kernel with CONFIG_CHECKPOINT_RESTORE. On standard output, for
 * every thread, first those that were given by their IDs:
 *
 *	thread TID COUNT        COUNT lines with its filters follow, the newest first; 0 where the kernel shows none
 *	filter HEX              its instructions, 16 digits each, as in memory (struct sock_filter)
 *	same TID OTHER          as the thread OTHER, which had a line 'thread' before
 *	failed TID ERRNO        it could not be read: ESRCH where it has ended, ETIMEDOUT where it can't be stopped, as the
 *	                        parent of a vfork(2) can't before its child's exec, or where time was up
 *
 * and where a control group has more than that:
 *
 *	foreign COUNT           threads of PID namespaces that aren't seen from here
 *	unsettled               threads, or control groups, came faster than they could be stopped and looked at, or are
 *	                        too many, so that there may be others
 *
 * This process itself is left out of what a control group has. The exit status is 0, or 1 if nothing could be printed.
 */
#include "control-group.h"
#include "fail.h"
#include "hold.h"
#include "kernel-trace.h"
#include "launcher.h"
#include "output.h"

const char program_name[] = "read-filters";

/* How long threads are looked for, and when all go on, in nanoseconds. */
#define TIME_TO_FIND 500000000
#define TIME_TO_READ 900000000

/* What the last look at the control groups has brought. */
static struct {
	int is_news; /* a thread that may have started another until now */
	unsigned int foreign;
	int self;
} found;

static void meet(int tid)
{
	if (tid == 0)
		found.foreign++;
	else if (tid != found.self)
		found.is_news |= hold(tid);
}

static int is_group(const char *word)
{
	return word[0] == '/';
}

/* A thread's ID, or 0 for what is none. */
static int parse_tid(const char *word)
{
	int number = 0;
	for (const char *c = word; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			return 0;
		number = 10 * number + (*c - '0');
		if (number >= TID_LIMIT)
			return 0;
	}
	return number;
}

static void list_groups(const char **words, int64_t end)
{
	for (; *words != NULL; words++) {
		long result = is_group(*words) ? list_group(*words, end, meet) : 0;
		/* There may be threads in what wasn't looked at. */
		if (result == -ETIMEDOUT)
			found.is_news = 1;
		if (result == 0 || result == -ETIMEDOUT)
			continue;
		release_all();
		fail(1, (struct failure){.what = "can't list the threads of", .name = *words, .error = (int)-result});
	}
}

/* Reads the filters of all that stand still. Returns whether one is gone, in whose place there may be another. */
static int read_stacks(int64_t end)
{
	int is_lost = 0;
	struct thread *thread = NULL;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++) {
		if (thread->state != STOPPED || thread->stack != NULL)
			continue;
		long result = kernel_time() < end ? read_stack(thread->tid, &thread->stack) : -ETIMEDOUT;
		thread->error = -(int)result;
		if (result == -ESRCH) {
			lose(thread);
			is_lost = 1;
		}
	}
	return is_lost;
}

/* Stops all threads and reads their filters. Returns whether there can't be any other. */
static int read_all(const char **words)
{
	int64_t start = kernel_time();
	for (const char **word = words; *word != NULL; word++)
		if (!is_group(*word))
			(void)hold(parse_tid(*word));
	for (;;) {
		found.is_news = 0;
		found.foreign = 0;
		list_groups(words, start + TIME_TO_FIND);
		found.is_news |= await_stops();
		int is_late = kernel_time() > start + TIME_TO_FIND;
		if (found.is_news && !is_late)
			continue;
		int is_lost = read_stacks(start + TIME_TO_READ);
		if (is_late || !is_lost)
			return !found.is_news && !is_lost;
	}
}

/* Two digits a byte. */
static void print_hex(const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;
	for (size_t i = 0; i < size; i++) {
		print_char(digits[byte[i] >> 4]);
		print_char(digits[byte[i] & 15]);
	}
}

static void print_line(const char *word, int number)
{
	print(word);
	print_number((unsigned int)number);
	print("\n");
}

/* A line of a word and two numbers. */
static void print_pair(const char *word, int tid, int number)
{
	print(word);
	print_number((unsigned int)tid);
	print_line(" ", number);
}

static void print_stack(int tid, struct stack *stack)
{
	stack->printed = tid;
	print_pair("thread ", tid, (int)stack->count);
	const struct sock_filter *end = stack->instructions + stack->total;
	for (uint32_t i = stack->count; i > 0; i--) {
		end -= stack->lengths[i - 1];
		print("filter ");
		print_hex(end, stack->lengths[i - 1] * sizeof *end);
		print("\n");
	}
}

static void print_threads(void)
{
	const struct thread *thread = NULL;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++) {
		if (thread->error != 0)
			print_pair("failed ", thread->tid, thread->error);
		else if (thread->stack->printed != 0)
			print_pair("same ", thread->tid, thread->stack->printed);
		else
			print_stack(thread->tid, thread->stack);
	}
}

/* Before any thread is touched. */
static void check_arguments(const char **words)
{
	static const char usage[] =
		"usage: read-filters {TID | FOLDER-OF-CONTROL-GROUP}...\n"
		"Prints the seccomp filters of threads, also of all those in a control group and below it.\n"
		"Part of sandbox-unit verify.\n";
	answer_help(*words, usage);
	if (*words == NULL)
		fail(EXIT_INVALID_ARGUMENT,
		     (struct failure){.what = "there is no thread", .hint = "see read-filters --help"});
	for (const char **word = words; *word != NULL; word++)
		if (!is_group(*word) && parse_tid(*word) == 0)
			fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "no ID of a thread:", .name = *word});
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	(void)envp;
	(void)euid;
	const char **words = argv[0] == NULL ? argv : argv + 1;
	check_arguments(words);
	found.self = kernel_getpid();
	int is_all = read_all(words);
	release_all();
	print_threads();
	if (found.foreign > 0)
		print_line("foreign ", (int)found.foreign);
	if (!is_all)
		print("unsettled\n");
	flush();
	kernel_exit(0);
}
