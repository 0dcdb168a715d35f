/*
 * kill-tighten GROUP TIMES SEED TIGHTEN WORD…: has `tighten` give a filter to twelve processes of two threads in a control
 * group, anew each time, and kills it at a random moment; and twice besides, when it has bound the life of some threads to
 * its own, and when it has unbound that of some. Prints how often each outcome came, a line each:
 *
 *	plain      all run without it
 *	filtered   all run with it
 *	ended      no process is left
 *	parted     some processes have ended, and those that are left are alike
 *	mixed      some threads have it, and some don't
 *	held       a thread is still traced, or stopped
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 12
#define THREADS 24

/* So long those that are about to end, or in a tracer's hands, may be so, in seconds. */
#define PATIENCE 5
#define TIME_TO_DIE 0.5

/* How many threads are bound before the first kill at a call, and still bound at the second. */
#define BOUND 5

#define SIGKILL_BIT 0x100UL

enum outcome { PLAIN, FILTERED, ENDED, PARTED, MIXED, HELD, OUTCOMES };
static const char *const names[] = {"plain", "filtered", "ended", "parted", "mixed", "held"};

static char *const nothing[] = {NULL};
static int group;
static const char *group_path;
static pid_t pids[PROCESSES];

static double seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *nap(void *argument)
{
	for (;;)
		(void)usleep(1000);
	return argument;
}

static pid_t start_process(void)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)group};
	pthread_t thread;
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid < 0)
		err(1, "clone3");
	if (pid > 0)
		return pid;
	for (int i = 1; i < THREADS / PROCESSES; i++)
		if (pthread_create(&thread, NULL, nap, NULL) != 0)
			_exit(1);
	(void)nap(NULL);
	return 0;
}

/* The threads of the group. Returns how many there are. */
static int list(int *tids)
{
	char path[4096];
	int count = 0;
	(void)snprintf(path, sizeof path, "%s/cgroup.threads", group_path);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		err(1, "%s", path);
	while (count < THREADS && fscanf(file, "%d", &tids[count]) == 1)
		count++;
	(void)fclose(file);
	return count;
}

/* Returns -1 where the thread isn't there. */
static int number_of(const char *status, const char *key)
{
	const char *at = strstr(status, key);
	return at == NULL ? -1 : atoi(at + strlen(key));
}

struct seen {
	int filters;
	int is_held;
};

static int see(int tid, struct seen *seen)
{
	char path[64], text[4096] = "";
	(void)snprintf(path, sizeof path, "/proc/%d/status", tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (size <= 0 || strstr(text, "\nState:\tZ") != NULL || strstr(text, "\nState:\tX") != NULL ||
	    (strtoul(strstr(text, "\nSigPnd:\t") + 9, NULL, 16) & SIGKILL_BIT) != 0)
		return 0;
	seen->filters = number_of(text, "\nSeccomp_filters:\t");
	seen->is_held = number_of(text, "\nTracerPid:\t") != 0 || strstr(text, "\nState:\tt") != NULL;
	return 1;
}

/* Looks once. */
static enum outcome look(void)
{
	int tids[THREADS], there = 0, filtered = 0, held = 0;
	int count = list(tids);
	for (int i = 0; i < count; i++) {
		struct seen seen;
		if (!see(tids[i], &seen))
			continue;
		there++;
		filtered += seen.filters == 1;
		held += seen.is_held;
	}
	if (held > 0)
		return HELD;
	if (there == 0)
		return ENDED;
	if (filtered != 0 && filtered != there)
		return MIXED;
	return there < THREADS ? PARTED : filtered == 0 ? PLAIN : FILTERED;
}

static enum outcome settle(void)
{
	double start = seconds();
	for (;;) {
		enum outcome now = look();
		double patience = now == PARTED ? TIME_TO_DIE : PATIENCE;
		if (now == PLAIN || now == FILTERED || now == ENDED || seconds() > start + patience)
			return now;
		(void)usleep(500);
	}
}

static void end_all(void)
{
	int tids[THREADS];
	/* Some kernels kill what is started in a group that cgroup.kill was used on before. */
	for (int i = 0; i < PROCESSES; i++)
		(void)kill(pids[i], SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	while (list(tids) > 0)
		(void)usleep(500);
}

static void start_all(void)
{
	int tids[THREADS];
	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start_process();
	while (list(tids) < THREADS)
		(void)usleep(200);
}

static pid_t start_tighten(char **argv, int is_traced)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	int null = open("/dev/null", O_WRONLY);
	(void)dup2(null, 1);
	(void)dup2(null, 2);
	if (is_traced)
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	(void)execve(argv[0], argv, nothing);
	_exit(127);
}

/* Runs `tighten`, and kills it after as many microseconds, if any. */
static void tighten(char **argv, unsigned int microseconds)
{
	pid_t pid = start_tighten(argv, 0);
	if (microseconds > 0) {
		(void)usleep(microseconds);
		(void)kill(pid, SIGKILL);
	}
	(void)waitpid(pid, NULL, 0);
}

static int sets_options(int tid)
{
	struct __ptrace_syscall_info stop = {0};
	return ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof stop, &stop) > 0 &&
	       stop.op == PTRACE_SYSCALL_INFO_ENTRY && stop.entry.nr == SYS_ptrace &&
	       stop.entry.args[0] == PTRACE_SETOPTIONS;
}

/*
 * Runs `tighten`, and kills it before it sets a thread's options for this time, if it comes to that. Returns how often it
 * has set any.
 */
static int tighten_until(char **argv, int time)
{
	int status = 0, times = 0;
	pid_t pid = start_tighten(argv, 1);
	(void)waitpid(pid, &status, 0);
	(void)ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD);
	for (int signal = 0; WIFSTOPPED(status);) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(uintptr_t)signal) < 0 || waitpid(pid, &status, 0) != pid)
			break;
		int is_call = WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
		signal = is_call ? 0 : WSTOPSIG(status);
		if (is_call && sets_options(pid) && ++times == time)
			(void)kill(pid, SIGKILL);
	}
	return times;
}

/* How long it takes when it isn't killed, in microseconds. */
static double measure(char **argv)
{
	double duration = 0;
	for (int times = 0; times < 5; times++) {
		start_all();
		duration -= seconds();
		tighten(argv, 0);
		duration += seconds();
		end_all();
	}
	return duration / 5 * 1e6;
}

int main(int argc, char **argv)
{
	int counts[OUTCOMES] = {0};
	if (argc < 5)
		errx(2, "kill-tighten GROUP TIMES SEED TIGHTEN WORD…");
	group_path = argv[1];
	group = open(group_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0)
		err(1, "%s", group_path);
	srandom((unsigned int)strtoul(argv[3], NULL, 10));
	double latest = measure(argv + 4);
	for (int left = atoi(argv[2]); left > 0; left--) {
		start_all();
		tighten(argv + 4, 1 + (unsigned int)random() % (unsigned int)(latest + 1));
		enum outcome outcome = settle();
		counts[outcome]++;
		/* The machine may have more or less to do than before: moments in between are wanted. */
		latest *= outcome == FILTERED ? 0.95 : outcome == PLAIN ? 1.05 : 1;
		end_all();
	}
	start_all();
	int times = tighten_until(argv + 4, 0);
	end_all();
	for (int i = 0; i < 2; i++) {
		start_all();
		(void)tighten_until(argv + 4, i == 0 ? BOUND + 1 : times - BOUND + 1);
		counts[settle()]++;
		end_all();
	}
	for (int outcome = 0; outcome < OUTCOMES; outcome++)
		printf("%s %d\n", names[outcome], counts[outcome]);
	return 0;
}
