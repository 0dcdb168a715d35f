/*
 * A library (LD_PRELOAD) whose constructor does what $EARLY says, before the entry point of the program:
 *
 *	fork vfork thread process  starts one
 *	exec                       becomes /proc/self/exe once more, without itself
 *	exit                       ends with status 9
 *	signals                    handles SIGUSR1 and SIGTERM, sends itself $SIGNALS of them (1000) and one to come later
 *	trap                       handles SIGTRAP and sends itself one
 *	stop                       stops itself until somebody sends SIGCONT
 *	uname                      says whether uname(2) is refused
 *	tracer                     says whether the memory of its tracer can be written
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void handle(int number)
{
	(void)number;
	count++;
}

static void report(void)
{
	printf("handled=%d\n", count);
}

static void *wait_for_ever(void *unused)
{
	pause();
	return unused;
}

static void send_signals(void)
{
	signal(SIGUSR1, handle);
	signal(SIGTERM, handle);
	const char *number = getenv("SIGNALS");
	for (int i = number ? atoi(number) : 1000; i > 0; i--)
		raise(i % 2 ? SIGUSR1 : SIGTERM);
	/* These are pending at the entry point. */
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
}

static void open_tracer(void)
{
	char line[256], path[64];
	int tracer = 0;
	FILE *status = fopen("/proc/self/status", "re");
	while (status != NULL && fgets(line, sizeof line, status) != NULL)
		sscanf(line, "TracerPid: %d", &tracer);
	snprintf(path, sizeof path, "/proc/%d/mem", tracer);
	printf("tracer %s: %s\n", tracer > 0 ? "seen" : "missing", open(path, O_RDWR) < 0 ? strerror(errno) : "open");
	fflush(stdout);
}

__attribute__((constructor)) static void begin(void)
{
	const char *what = getenv("EARLY");
	pthread_t thread;
	static char stack[65536] __attribute__((aligned(16)));
	if (what == NULL) {
		return;
	} else if (strcmp(what, "fork") == 0) {
		if (fork() == 0)
			pause();
	} else if (strcmp(what, "vfork") == 0) {
		if (vfork() == 0)
			_exit(0);
	} else if (strcmp(what, "thread") == 0) {
		pthread_create(&thread, NULL, wait_for_ever, NULL);
	} else if (strcmp(what, "process") == 0) {
		clone((int (*)(void *))(void *)wait_for_ever, stack + sizeof stack, 0, NULL);
	} else if (strcmp(what, "exec") == 0) {
		unsetenv("LD_PRELOAD");
		execl("/proc/self/exe", "again", (char *)NULL);
	} else if (strcmp(what, "exit") == 0) {
		_exit(9);
	} else if (strcmp(what, "signals") == 0) {
		send_signals();
		atexit(report);
	} else if (strcmp(what, "trap") == 0) {
		signal(SIGTRAP, handle);
		raise(SIGTRAP);
		atexit(report);
	} else if (strcmp(what, "stop") == 0) {
		raise(SIGSTOP);
	} else if (strcmp(what, "tracer") == 0) {
		open_tracer();
	} else if (strcmp(what, "uname") == 0) {
		struct utsname system;
		printf("early uname: %s\n", uname(&system) == 0 ? "allowed" : "refused");
		fflush(stdout);
	}
}
