/*
 * observe: tells what the processes of control groups do, as the kernel sees it: their system calls. The BPF programs that
 * it has the kernel run fill tables, which it prints; nothing of them is left when it ends, however it ends. While it
 * lives, each call of each process of the machine costs some 100 ns more. It takes root, and Linux 6.1 or later with BTF.
 *
 * Lines on standard input; words are one space apart, and a path is the rest of its line:
 *
 *	slice SECONDS                           the length of a time slice; 60 without such a line
 *	setup PATH                              a program that sets services up: its calls aren't the services'. It may come
 *	                                        later, and be replaced
 *	launcher PATH                           one that the services may execute, too; any other of these hides their calls
 *	unit INDEX PATH                         from 0 on: a control group's directory, which need not be there yet
 *	watch ABI NR A B SIZE OFFSET MASK       values to note: of argument A (0 to 5), of A and B, or of SIZE bytes at
 *	                                        OFFSET of what A points at; `-` for no B, SIZE 0 for A itself; MASK in hex, 0
 *	                                        for all bits. ABI is `native`, `compat` or `x32`
 *	look ABI NR KIND PATH-ARG BASE-ARG      a call to look at when it returns
 *	hidden INDEX PATH                       a path that the unit's mounts hide: what looks for something there is refused
 *	start                                   ends these lines
 *	phase INDEX PHASE [SINCE]               afterwards: what comes is of `start`, `serving`, `reload` or `stop`. Calls
 *	                                        that were made since then, in microseconds of the monotonic clock, count as
 *	                                        made once the unit was ready, in this phase
 *	dump                                    afterwards: prints the units
 *
 * Lines on standard output, each a JSON object: {"ready":…}, {"tick":…} each second, {"dump":INDEX,…} for each unit and then
 * {"dumped":true}, {"error":{"code":…,"message":…}}. At the end of its input, or at SIGINT or SIGTERM, it prints the units
 * and ends with 0; after an error with 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fail.h"
#include "hosted/monotonic.h"
#include "hosted/output.h"
#include "dump.h"
#include "groups.h"
#include "json.h"
#include "lines.h"
#include "programs.h"
#include "request.h"
#include "since.h"

const char program_name[] = "observe";

#define TENTH INT64_C(100000000) /* of a second, in nanoseconds */
#define TENTHS_OF_TICK 10
#define MICROSECOND 1000
#define LATEST (1UL << 52) /* no time, in microseconds: a century is less */

static struct request request = {.slice = 600};
static struct tables tables;

/* When the programs were ready, by the monotonic clock. */
static int64_t ready_time;

static int64_t tenths_since_ready(void)
{
	return (monotonic_time() - ready_time) / TENTH;
}

/* Sets the clock that the programs read. */
static void set_clock(void)
{
	struct watched *watched = &tables.state->watched;
	__u32 now = (__u32)tenths_since_ready(), before = watched->now;
	__atomic_store_n(&watched->now, now, __ATOMIC_SEQ_CST);
	__atomic_store_n(&watched->slice, now / request.slice + 1, __ATOMIC_RELAXED);
	if (now != before)
		note_clock(now);
}

/* Takes lines up to `start`. */
static void read_request(void)
{
	unsigned int number = 0;
	for (;;) {
		char *line = next_line();
		if (line == NULL && !read_input())
			refuse("bad-line", "the input ends before 'start'");
		if (line == NULL)
			continue;
		number++;
		if (strcmp(line, "start") == 0)
			return;
		const char *fault = take_request_line(&request, line);
		if (fault != NULL)
			refuse("bad-line", "line %u: %s", number, fault);
	}
}

/* A path as a walk from its file has it: hash_place(). */
static __u64 hash_of_path(const char *path)
{
	struct place place = {0};
	char real[PATH_MAX];
	if (realpath(path, real) == NULL)
		(void)snprintf(real, sizeof real, "%s", path);
	for (char *slash = strrchr(real, '/'); slash != NULL; slash = strrchr(real, '/')) {
		size_t size = strlen(slash + 1) + 1;
		if (size > sizeof place.names - place.length)
			return 0;
		memcpy(place.names + place.length, slash + 1, size);
		place.length += (__u32)size;
		*slash = '\0';
	}
	return hash_place(&place);
}

/* Returns whether the path is a new one: names may lead to it by links. */
static int add_setup_path(__u64 hash, __u32 is_launcher)
{
	__u64 *next = tables.state->setup_paths;
	while (*next != 0 && *next != hash)
		next++;
	int is_new = *next == 0;
	*next = hash;
	tables.state->launcher_paths |= is_launcher << (next - tables.state->setup_paths);
	return is_new;
}

static void open_setups(void)
{
	int files[SETUPS];
	unsigned int count = 0;
	for (unsigned int i = 0; i < request.setup_count; i++) {
		__u32 is_launcher = request.launchers >> i & 1;
		if (!add_setup_path(hash_of_path(request.setups[i]), is_launcher))
			continue;
		int file = open(request.setups[i], O_RDONLY | O_CLOEXEC);
		if (file < 0 && errno != ENOENT && errno != ENOTDIR)
			refuse("no-program", "%s: %s", request.setups[i], strerror(errno));
		if (file < 0)
			continue;
		files[count] = file;
		tables.state->launchers |= is_launcher << count;
		tables.state->setups[count++] = (__u64)file;
	}
	enrol_setups();
	for (unsigned int i = 0; i < count; i++)
		(void)close(files[i]);
}

static void begin(enum scope scope)
{
	int64_t began = monotonic_time();
	load_programs(&tables, request.unit_count, request.watch_count, scope);
	struct state *state = tables.state;
	memcpy(state->watches, request.watches, sizeof state->watches);
	memcpy(state->first_watch, request.first_watch, sizeof state->first_watch);
	memcpy(state->looks, request.looks, sizeof state->looks);
	memcpy(state->hidden, request.hidden, sizeof state->hidden);
	state->hidden_count = request.hidden_count;
	state->watch_count = request.watch_count;
	state->watched.stripe_mask = tables.stripes - 1;
	open_setups();
	attach_programs();
	ready_time = monotonic_time();
	set_clock();
	watch_groups(&request, &tables);
	printf("{\"ready\":{\"milliseconds\":%.1f,\"blind\":", (double)(monotonic_time() - began) / 1e6);
	print_blind(&tables);
	printf("}}\n");
	flush_output();
}

static void dump(void)
{
	for (unsigned int i = 0; i < request.unit_count; i++)
		print_unit(&request, &tables, i);
	printf("{\"dumped\":true}\n");
	flush_output();
}

static void set_phase(char *words)
{
	const char *index = strsep(&words, " ");
	unsigned long unit = parse_number(index, request.unit_count);
	unsigned int phase = parse_phase(strsep(&words, " "));
	unsigned long since = parse_number(words, LATEST);
	if (unit == request.unit_count || phase == PHASES || (words != NULL && since == LATEST))
		refuse("bad-line", "it must be: phase INDEX start|serving|reload|stop [SINCE]");
	struct group *group = &tables.state->watched.groups[unit];
	__atomic_store_n(&group->phase, phase, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&group->phase_number, 1, __ATOMIC_SEQ_CST);
	if (words != NULL)
		see_since(&tables.units[unit], (int64_t)since * MICROSECOND, phase);
}

static void take_line(char *line)
{
	if (strcmp(line, "dump") == 0)
		dump();
	else if (strncmp(line, "phase ", strlen("phase ")) == 0)
		set_phase(line + strlen("phase "));
	else
		refuse("bad-line", "no such word after 'start'");
}

static int take_input(void)
{
	char *line = NULL;
	int is_more = read_input();
	while ((line = next_line()) != NULL)
		take_line(line);
	return is_more;
}

static void tick(int64_t *next)
{
	set_clock();
	int64_t now = tenths_since_ready();
	if (now < *next)
		return;
	*next = now - now % TENTHS_OF_TICK + TENTHS_OF_TICK;
	find_moved_groups(&request, &tables);
	print_tick(&tables);
	flush_output();
}

/* Until the next tenth of a second, in whole milliseconds. */
static int time_to_wait(void)
{
	return (int)((TENTH - (monotonic_time() - ready_time) % TENTH) / 1000000) + 1;
}

/* Counts until the input or a signal ends it. */
static void watch(int signals)
{
	struct pollfd all[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	int64_t next_tick = TENTHS_OF_TICK;
	for (;;) {
		int count = poll(all, 2, time_to_wait());
		tick(&next_tick);
		if (count <= 0)
			continue;
		if (all[1].revents != 0 || (all[0].revents != 0 && !take_input()))
			return;
	}
}

/* Signals that end it are taken in turn with the input. */
static int hold_signals(void)
{
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	int signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals < 0)
		fail(1, (struct failure){.what = "can't take signals", .error = errno});
	return signals;
}

/* The option of each scope but ALL. */
static const char *const scope_options[] = {
	[CALLS_ONLY] = "--calls-only",
	[REFUSED_ONLY] = "--refused-only",
	[CONFINED_ONLY] = "--confined-only",
};

static enum scope scope_of(const char *option)
{
	for (unsigned int scope = CALLS_ONLY; option != NULL && scope <= CONFINED_ONLY; scope++)
		if (strcmp(option, scope_options[scope]) == 0)
			return scope;
	return ALL;
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: observe [--calls-only | --refused-only | --confined-only]\n"
		"Tells what control groups do, which its input names. Part of sandbox-unit learn.\n";
	const char *word = argc > 1 ? argv[1] : NULL;
	answer_help(word, usage);
	enum scope scope = scope_of(word);
	if (argc > 2 || (word != NULL && scope == ALL))
		fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "it takes no", .name = argv[argc - 1],
							     .hint = "see observe --help"});
	buffer_output();
	read_request();
	if (request.unit_count == 0)
		refuse("bad-line", "there is no unit");
	int signals = hold_signals();
	begin(scope);
	watch(signals);
	dump();
	return 0;
}
