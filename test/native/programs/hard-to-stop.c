/*
 * hard-to-stop KIND: processes and threads that come and go, or that can't be stopped:
 *
 *	chain       each process starts the next and ends
 *	chains      twenty of them
 *	untraced    the same, by clone(2) with CLONE_UNTRACED
 *	exec        one of several threads execs this program again, all the time
 *	traced      a process traces its child
 *	vfork       a parent of vfork(2) waits for its child
 *	fault       waits in a call that needs memory which nobody brings (userfaultfd(2))
 *	dispatched  a process has calls handed back to it (PR_SET_SYSCALL_USER_DISPATCH)
 *	no-vdso     a process makes no call, and has no instruction for one that the kernel has brought
 *	many        a hundred processes, which do little
 *	crowd       four processes with five threads each, which do little
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As long a process lives at most, in seconds. */
#define LIFE 600

static char **own_argv;

/* SYSCALL_DISPATCH_FILTER_ALLOW: no call is handed back for now. */
static char selector;

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

/* A fork has no alarm of its parent's: a chain ends by the clock, if nobody ends it. */
static _Noreturn void chain(long flags, time_t end)
{
	while (time(NULL) < end && syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0) <= 0)
		;
	_exit(0);
}

/* This process becomes the parent of all that end, so that their IDs are free at once, whoever is PID 1. */
static void start_chains(int count, long flags)
{
	time_t end = time(NULL) + LIFE;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		err(1, "prctl");
	for (int i = 0; i < count; i++)
		if (fork() == 0)
			chain(flags, end);
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

/* By its name. */
static void tell_ready(void)
{
	(void)prctl(PR_SET_NAME, "ready", 0, 0, 0);
}

static _Noreturn void hand_back_calls(void)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) < 0)
		err(1, "prctl");
	tell_ready();
	(void)nap(NULL);
	_exit(0);
}

static _Noreturn void miss_memory(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	int ends[2], faults = (int)syscall(SYS_userfaultfd, 0);
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = {.range = {(unsigned long)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	if (pipe(ends) < 0 || ioctl(faults, UFFDIO_API, &api) < 0 || ioctl(faults, UFFDIO_REGISTER, &range) < 0)
		err(1, "userfaultfd");
	tell_ready();
	(void)!write(ends[1], page, 1);
	_exit(0);
}

/* More than it has, from the place that the auxiliary vector tells of (getauxval(3)). */
static _Noreturn void unmap_vdso(void)
{
	if (munmap((void *)getauxval(AT_SYSINFO_EHDR), 16384) < 0)
		err(1, "munmap");
	tell_ready();
	for (;;)
		;
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
	if (strncmp(kind, "chain", 5) == 0)
		start_chains(kind[5] == 's' ? 20 : 1, 0);
	if (strcmp(kind, "untraced") == 0)
		start_chains(1, CLONE_UNTRACED);
	if (strcmp(kind, "traced") == 0)
		trace_child();
	if (strcmp(kind, "fault") == 0)
		miss_memory();
	if (strcmp(kind, "no-vdso") == 0)
		unmap_vdso();
	if (strcmp(kind, "dispatched") == 0)
		hand_back_calls();
	if (strcmp(kind, "many") == 0)
		for (int i = 0; i < 99 && fork() != 0; i++)
			;
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
