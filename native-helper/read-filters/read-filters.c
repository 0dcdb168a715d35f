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
 *	                        parent of a vfork(2) can't before its child's exec, ETIME where time was up
 *
 * and where a control group has more than that:
 *
 *	foreign COUNT           threads of PID namespaces that aren't seen from here
 *	unsettled               threads, or control groups, came faster than they could be stopped and looked at, or are
 *	                        too many, so that there may be others
 *
 * Of a control group this process itself is left out, and so are threads that work for the kernel, as io_uring's do. The
 * exit status is 0, or 1 if nothing could be printed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fail.h"
#include "hosted/monotonic.h"
#include "hosted/output.h"
#include "threads/control-group.h"
#include "threads/hold.h"
#include "threads/listing.h"

const char program_name[] = "read-filters";

/* How long threads are looked for, and when all go on, in nanoseconds. */
#define TIME_TO_FIND 500000000
#define TIME_TO_READ 900000000

/* How long threads are waited for in one look that don't run, and those that do, in all looks, in nanoseconds. */
#define PATIENCE 100000000
#define TIME_FOR_RUNNING 200000000

/* The last look at the control groups. */
static struct listing last;

static int is_folder(const char *word)
{
	return word[0] == '/';
}

/* A thread's ID, or 0 where the word is none. strtol(3) alone would let spaces and a sign through. */
static int parse_tid(const char *word)
{
	char *rest = NULL;
	if (word[0] < '0' || word[0] > '9')
		return 0;
	long number = strtol(word, &rest, 10);
	return *rest == '\0' && number > 0 && number < TID_LIMIT ? (int)number : 0;
}

static void list_groups(char **words, int64_t end)
{
	for (; *words != NULL; words++) {
		int error = is_folder(*words) ? hold_group(*words, end, 1, &last) : 0;
		if (error == 0)
			continue;
		release_all();
		fail(1, (struct failure){.what = "can't list the threads of", .name = *words, .error = error});
	}
}

/* Reads the filters of all threads that stand still. Returns whether one is gone, and another may be in its place. */
static int read_stacks(int64_t end)
{
	int is_lost = 0;
	struct thread *thread = NULL;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++) {
		if (thread->state != STOPPED || thread->stack != NULL || !was_listed(thread))
			continue;
		thread->error = monotonic_time() < end ? read_stack(thread->tid, &thread->stack) : ETIME;
		if (thread->error == ESRCH) {
			lose(thread);
			is_lost = 1;
		}
	}
	return is_lost;
}

/* Stops all threads and reads their filters. Returns whether there can't be any other. */
static int read_all(char **words)
{
	for (char **word = words; *word != NULL; word++)
		if (is_folder(*word))
			look_ahead(*word, monotonic_time() + TIME_TO_FIND);
	int64_t start = monotonic_time();
	begin_pass();
	for (char **word = words; *word != NULL; word++)
		if (!is_folder(*word))
			(void)hold(parse_tid(*word));
	for (int quiet = 0;;) {
		last.is_news = 0;
		last.foreign = 0;
		list_groups(words, start + TIME_TO_FIND);
		last.is_news |= await_stops(PATIENCE, start + TIME_FOR_RUNNING - monotonic_time());
		int is_late = monotonic_time() > start + TIME_TO_FIND;
		quiet = last.is_news ? 0 : quiet + 1;
		if (quiet < QUIET_LISTINGS && !is_late)
			continue;
		int is_lost = read_stacks(start + TIME_TO_READ);
		if (is_late || !is_lost)
			return quiet >= QUIET_LISTINGS && !is_lost;
	}
}

/* Prints a filter in hexadecimal digits, byte by byte. A service can load very many: printf(3) would take long. */
static void print_filter(const struct sock_filter *instructions, uint32_t length)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = (const uint8_t *)instructions;
	printf("filter ");
	for (size_t i = 0; i < length * sizeof *instructions; i++) {
		putchar_unlocked(digits[bytes[i] >> 4]);
		putchar_unlocked(digits[bytes[i] & 0xf]);
	}
	printf("\n");
}

static void print_stack(int tid, struct stack *stack)
{
	stack->printed = tid;
	printf("thread %d %" PRIu32 "\n", tid, stack->count);
	const struct sock_filter *end = stack->instructions + stack->total;
	for (uint32_t i = stack->count; i > 0; i--) {
		end -= stack->lengths[i - 1];
		print_filter(end, stack->lengths[i - 1]);
	}
}

static void print_threads(void)
{
	const struct thread *thread = NULL;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++) {
		if (!was_listed(thread))
			continue;
		if (thread->error != 0)
			printf("failed %d %d\n", thread->tid, thread->error);
		else if (thread->stack->printed != 0)
			printf("same %d %d\n", thread->tid, thread->stack->printed);
		else
			print_stack(thread->tid, thread->stack);
	}
}

/* All words are checked before any thread is stopped. */
static void check_arguments(char **words)
{
	static const char usage[] =
		"usage: read-filters {TID | FOLDER-OF-CONTROL-GROUP}...\n"
		"Prints the seccomp filters of threads, also of all those in a control group and below it.\n"
		"Part of sandbox-unit verify.\n";
	answer_help(*words, usage);
	if (*words == NULL)
		fail(EXIT_INVALID_ARGUMENT,
		     (struct failure){.what = "there is no thread", .hint = "see read-filters --help"});
	for (char **word = words; *word != NULL; word++)
		if (!is_folder(*word) && parse_tid(*word) == 0)
			fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "no ID of a thread:", .name = *word});
}

int main(int argc, char **argv)
{
	char **words = argc > 0 ? argv + 1 : argv;
	check_arguments(words);
	int is_all = read_all(words);
	release_all();
	buffer_output();
	print_threads();
	if (last.foreign > 0)
		printf("foreign %u\n", last.foreign);
	if (!is_all)
		printf("unsettled\n");
	flush_output();
	return 0;
}
