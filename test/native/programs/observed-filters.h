/* The parts of `observed` whose calls a filter refuses, in the unit's control group and outside: `outside` is another. */
#ifndef OBSERVED_FILTERS_H
#define OBSERVED_FILTERS_H

#include <err.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observed-files.h"

static void repeat(long number, int times)
{
	while (times-- > 0)
		(void)syscall(number);
}

static void await_child(pid_t child)
{
	int status;
	must(child >= 0 && waitpid(child, &status, 0) == child, "child");
}

#define ANSWER(call, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))

static void load(struct sock_filter *filter, size_t length)
{
	struct sock_fprog program = {(unsigned short)length, filter};
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "filter");
}

static void load_filter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ANSWER(SYS_uname, SECCOMP_RET_ERRNO | 100),
		ANSWER(SYS_getppid, SECCOMP_RET_ERRNO | 1),
		ANSWER(SYS_getuid, SECCOMP_RET_KILL_PROCESS),
		ANSWER(SYS_getgid, SECCOMP_RET_TRAP),
		ANSWER(SYS_getegid, SECCOMP_RET_KILL_THREAD),
		ANSWER(SYS_getsid, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	load(filter, sizeof filter / sizeof filter[0]);
}

static void answered(void)
{
	load_filter();
	repeat(SYS_getsid, 2);
}

static void handle(int number)
{
	(void)number;
}

static void trapped(void)
{
	(void)signal(SIGSYS, handle);
	load_filter();
	repeat(SYS_getgid, 1);
}

static void *end_thread(void *unused)
{
	repeat(SYS_getegid, 1);
	return unused;
}

/* A thread ends by a filter, the process goes on. */
static void lose_thread(void)
{
	struct stat status;
	pthread_t thread;
	pthread_create(&thread, NULL, end_thread, NULL);
	/* A folder for each thread. */
	while (stat("/proc/self/task", &status) == 0 && status.st_nlink > 2 + 1)
		usleep(1000);
}

static void refused(void)
{
	static const long kills[] = {SYS_getuid, SYS_getgid};
	load_filter();
	repeat(SYS_uname, 5);
	repeat(SYS_getppid, 3);
	repeat(SYS_geteuid, 7);
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();
		if (child == 0)
			repeat(kills[i], 1);
		await_child(child);
	}
	lose_thread();
	/* glibc would wait for the thread's lock. */
	_exit(0);
}

/* As a container's process does: a filter of its own. It has geteuid() succeed without having been made. */
static void load_another(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ANSWER(SYS_getpgid, SECCOMP_RET_ERRNO | 7),
		ANSWER(SYS_geteuid, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	load(filter, sizeof filter / sizeof filter[0]);
}

static void leave(void)
{
	int group = open("outside/cgroup.procs", O_WRONLY);
	must(group >= 0 && write(group, "0", 1) == 1, "outside");
	close(group);
}

/* In a child of a child that nobody waits for: the pipe tells its end. */
static void call_in_daemon(void)
{
	char byte;
	int ends[2];
	must(pipe(ends) == 0, "pipe");
	pid_t child = fork();
	if (child == 0) {
		if (fork() == 0)
			repeat(SYS_uname, 2);
		_exit(0);
	}
	close(ends[1]);
	await_child(child);
	(void)!read(ends[0], &byte, 1);
	close(ends[0]);
}

static void leaves(void)
{
	load_filter();
	leave();
	repeat(SYS_uname, 5);
	repeat(SYS_geteuid, 7);
	call_in_daemon();
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();
		if (child == 0) {
			repeat(i == 0 ? SYS_getuid : SYS_getgid, 1);
			_exit(0);
		}
		await_child(child);
	}
	pid_t child = fork();
	if (child == 0) {
		load_another();
		repeat(SYS_getppid, 3);
		repeat(SYS_getpgid, 2);
		repeat(SYS_geteuid, 2);
		_exit(0);
	}
	await_child(child);
	lose_thread();
	/* glibc would wait for the thread's lock. */
	_exit(0);
}

/* Leaves, and makes its calls when there is a file `go`. */
static void late(void)
{
	load_filter();
	leave();
	close(open("left", O_CREAT | O_WRONLY, 0600));
	while (access("go", F_OK) != 0)
		usleep(10000);
	repeat(SYS_uname, 5);
}

static void unfiltered(void)
{
	leave();
	load_filter();
	repeat(SYS_uname, 5);
}

/* Executes `service` outside, under a filter that it has loaded there. */
static void becomes(void)
{
	leave();
	load_filter();
	execl("./service", "service", "uname", NULL);
	err(1, "service");
}

static void call_uname(void)
{
	repeat(SYS_uname, 5);
}

/* A child that begins outside. */
static void born_outside(void)
{
	load_filter();
	int group = open("outside", O_RDONLY | O_DIRECTORY);
	struct clone_args with = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (__u64)group};
	pid_t child = (pid_t)syscall(SYS_clone3, &with, sizeof with);
	if (child == 0) {
		repeat(SYS_uname, 5);
		_exit(0);
	}
	await_child(child);
}

#endif
