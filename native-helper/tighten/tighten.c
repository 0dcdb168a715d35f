/*
 * tighten: gives every thread of a control group one more seccomp filter while all stand still, and lets them go on as
 * if nothing had happened. Calls that were waiting go on waiting. The threads are stopped as a debugger does it, and
 * made to make the calls that load the filter. It takes CAP_SYS_ADMIN and CAP_SYS_PTRACE, no filter on this process
 * itself, and a kernel with CONFIG_CHECKPOINT_RESTORE. Before Linux 5.13 it also takes a thread in each process that
 * waits in a call.
 *
 * With --report standard output has the lines that report.h tells of, and else nothing. The exit status is
 *
 *	0   all threads have the filter, which was read back from each
 *	1   nothing was changed
 *	2   the command line is wrong
 *	3   some had the filter, or might have: all processes of the control group were killed
 *	4   the report couldn't be written, whatever came of the threads
 *
 * For a service's start, which takes --cgroup self, no thread is as good as all: nothing is there to confine, and the
 * service manager tells whether the service has failed. Where this process is killed before it lets them go, so are they.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "catch.h"
#include "hosted/monotonic.h"
#include "load.h"
#include "members.h"
#include "options.h"
#include "report.h"
#include "settle.h"
#include "threads/hold.h"
#include "threads/thread-stat.h"

const char program_name[] = "tighten";

#define EXIT_UNCHANGED 1
#define EXIT_KILLED 3
#define EXIT_UNTOLD 4

/* How often threads that came meanwhile are given the filter, too. */
#define ROUNDS 4

/* How long killed processes are waited for, in nanoseconds. */
#define TIME_TO_DIE 5000000000

/* Ends the processes that don't stand still, too, unless this one is among them. */
static void kill_group(const char *group)
{
	char path[4096 + sizeof "/cgroup.kill"];
	(void)snprintf(path, sizeof path, "%s/cgroup.kill", group);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, "1", 1);
	(void)close(fd);
}

static void await_deaths(void)
{
	static const struct timespec between_looks = {.tv_nsec = 1000000};
	int64_t end = monotonic_time() + TIME_TO_DIE;
	int status;
	while (monotonic_time() < end && (waitpid(-1, &status, __WALL | WNOHANG) >= 0 || errno == EINTR))
		(void)nanosleep(&between_looks, NULL);
}

static int kill_all(const char *group, struct caught caught)
{
	const struct thread *thread;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		if (thread->state != FREE && was_listed(thread))
			(void)kill(thread->tid, SIGKILL);
	if (!caught.has_self)
		kill_group(group);
	await_deaths();
	print_findings();
	print_ending("killed", "all processes are killed: some had the filter, or might have");
	return EXIT_KILLED;
}

static int leave_unchanged(void)
{
	release_all();
	print_findings();
	print_ending("unchanged", "nothing is changed: all go on without the filter");
	return EXIT_UNCHANGED;
}

/* Tells why the threads that were caught may not be all. Returns whether there is a reason. */
static unsigned int tell_caught(struct caught caught)
{
	if (caught.foreign > 0)
		tell_finding(0, REASON_FOREIGN, caught.foreign, 0);
	if (caught.error != 0)
		tell_finding(0, REASON_UNLISTED, (unsigned int)caught.error, 0);
	else if (!caught.is_settled)
		tell_finding(0, REASON_UNSETTLED, 0, 0);
	return caught.foreign > 0 || !caught.is_settled;
}

static int is_all_done(void)
{
	const struct member *member;
	for (uint32_t i = 0; (member = member_at(i)) != NULL; i++)
		if (!member->is_done && member->thread->state == STOPPED)
			return 0;
	return 1;
}

static void print_members(int is_dry_run, int64_t paused)
{
	unsigned int threads = 0, processes = 0;
	while (member_at(threads) != NULL)
		threads++;
	for (struct member *process = NULL; (process = next_process(process)) != NULL;)
		processes++;
	print_counts(is_dry_run, threads, processes, paused);
}

/*
 * All have the filter, or none. Where this process is killed meanwhile, some processes die, and the others are alike.
 * Returns for how many microseconds they have stood still.
 */
static int64_t let_go(int64_t since)
{
	struct thread *thread;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		if (thread->state == STOPPED)
			bind_life(thread->tid, 0);
	release_all();
	return (monotonic_time() - since) / 1000;
}

/*
 * The service manager puts the ID of a service's main process into the environment (systemd.service(5)). The process may
 * be in another control group, which is a mistake to be found and no attack: where the unit's EnvironmentFile= says another
 * ID, this finds nothing. The plan refuses PAMName=, by which a session would take the process.
 */
static int find_main_elsewhere(void)
{
	struct thread_stat stat;
	const struct thread *thread;
	const char *word = getenv("MAINPID");
	int pid = word == NULL ? 0 : atoi(word);
	if (pid <= 0 || read_thread_stat(pid, &stat) < 0 || stat.has_ended)
		return 0;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++)
		if (thread->tid == pid && was_listed(thread))
			return 0;
	return pid;
}

/* Tells why too few threads were caught. Returns whether there is a reason. */
static unsigned int tell_missing(const struct options *options, int round)
{
	int pid = options->is_own ? find_main_elsewhere() : 0;
	/* Those that there were have ended since. */
	int is_empty = !options->is_own && round == 0 && member_at(0) == NULL;
	if (pid != 0)
		tell_finding(0, REASON_ELSEWHERE, (unsigned int)pid, 0);
	if (is_empty)
		tell_finding(0, REASON_EMPTY, 0, 0);
	return pid != 0 || is_empty;
}

static int tighten(const struct options *options, const struct wanted *wanted)
{
	struct caught caught = catch_group(options->group, 0);
	int64_t since = caught.since;
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int findings = tell_caught(caught) + look_at_members(wanted);
		if (findings == 0)
			findings += tell_missing(options, round);
		if (findings > 0)
			return round == 0 ? leave_unchanged() : kill_all(options->group, caught);
		if (is_all_done() || options->is_dry_run) {
			print_members(options->is_dry_run, let_go(since));
			return 0;
		}
		enum loaded loaded = load_members(wanted);
		if (loaded != ALL_HAVE_IT)
			return round == 0 && loaded == NONE_HAS_IT ? leave_unchanged()
								    : kill_all(options->group, caught);
		/* A thread that came since the first look was put into the group by somebody else. */
		caught = catch_group(options->group, 1);
	}
	tell_finding(0, REASON_UNSETTLED, 0, 0);
	return kill_all(options->group, caught);
}

int main(int argc, char **argv)
{
	struct options options = parse_options(argc, argv);
	struct wanted wanted = read_wanted(options.filter);
	if (options.has_report)
		begin_report();
	/* A report that nobody reads must not end this process. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (options.settle > 0 && !await_settled(options.group, options.settle, options.within))
		print_ending("restless", "threads still came and went when the time to settle was up");
	int status = tighten(&options, &wanted);
	return end_report() ? status : EXIT_UNTOLD;
}
