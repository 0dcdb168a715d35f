/*
 * hard-to-stop KIND: processes and threads that come and go, or that can't be stopped:
 *
 *	chain       each process starts the next and ends
 *	chains      twenty of them
 *	untraced    the same, by clone(2) with CLONE_UNTRACED
 *	exec        one of several threads execs this program again, all the time
 *	traced      a process traces its child
 *	vfork       a parent of vfork(2) waits for its child
 *	crowd       four processes with five threads each, which do little
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As long a process lives at most, in seconds. */
#define LIFE 60

static char **own_argv;

static void *nap(void *argument)
{
	for (;;)
		(void)usleep(1000);
	return argument;
}

static void *exec_again(void *argument)
{
	(void)execv("/proc/self/exe", own_argv);
	return argument;
}

static void start(void *(*run)(void *))
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		err(1, "pthread_create");
}

static _Noreturn void chain(long flags)
{
	while (syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0) <= 0)
		;
	_exit(0);
}

static _Noreturn void crowd(void)
{
	for (int i = 0; i < 3 && fork() != 0; i++)
		;
	for (int i = 0; i < 4; i++)
		start(nap);
	(void)nap(NULL);
	_exit(0);
}

static _Noreturn void trace_child(void)
{
	pid_t pid = fork();
	if (pid == 0)
		(void)nap(NULL);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		err(1, "ptrace");
	(void)nap(NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(1, "hard-to-stop KIND");
	own_argv = argv;
	const char *kind = argv[1];
	(void)signal(SIGCHLD, SIG_IGN);
	/* An exec keeps the alarm of before. */
	unsigned int left = alarm(LIFE);
	if (left != 0)
		(void)alarm(left);
	if (strcmp(kind, "chains") == 0)
		for (int i = 0; i < 20 && fork() != 0; i++)
			;
	if (strncmp(kind, "chain", 5) == 0)
		chain(0);
	if (strcmp(kind, "untraced") == 0)
		chain(CLONE_UNTRACED);
	if (strcmp(kind, "traced") == 0)
		trace_child();
	if (strcmp(kind, "crowd") == 0)
		crowd();
	if (strcmp(kind, "vfork") == 0 && vfork() == 0) {
		(void)syscall(SYS_pause);
		_exit(0);
	}
	if (strcmp(kind, "exec") == 0) {
		for (int i = 0; i < 6; i++)
			start(nap);
		start(exec_again);
	}
	(void)nap(NULL);
	return 0;
}
