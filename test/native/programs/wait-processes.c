/* Processes that wait for others, that don't wait at all, or that are hard to stop. */
#define _GNU_SOURCE
#include "waits.h"

#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

/* Does something again and again until the process may go. Returns the first problem. */
static int repeat(struct slot *slot, int (*work)(void))
{
	int problem = 0;
	slot->is_ready = 1;
	while (!slot->may_go && problem == 0)
		problem = work();
	return problem;
}

static int wait_child(struct slot *slot)
{
	pid_t pid = fork_helper(slot);
	if (pid == 0)
		_exit(0);
	return expect(WAIT(slot, waitpid(pid, NULL, 0)), pid);
}

static int stay_stopped(struct slot *slot)
{
	WAIT(slot, raise(SIGSTOP));
	return slot->may_go ? 0 : EPROTO;
}

static int keep_signal(struct slot *slot)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	(void)signal(SIGUSR1, handle);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)raise(SIGUSR1);
	int problem = wait_to_go(slot);
	if (handled != 0)
		return EPROTO;
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	return handled == 1 ? problem : EPROTO;
}

/* A storm of signals, each of which is handled, while a call waits that begins anew behind them. */
static int take_signals(struct slot *slot)
{
	const struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
	pid_t self = getpid();
	(void)sigaction(SIGUSR1, &action, NULL);
	pid_t pid = fork();
	for (; pid == 0 && !slot->may_go; pause_briefly())
		(void)kill(self, SIGUSR1);
	if (pid == 0)
		_exit(0);
	int problem = expect(WAIT(slot, waitpid(pid, NULL, 0)), pid);
	return handled > 0 ? problem : EPROTO;
}

static int wait_vfork(struct slot *slot)
{
	static const struct timespec moment = {.tv_nsec = 300000000};
	slot->is_ready = 1;
	pid_t pid = vfork();
	if (pid == 0) {
		(void)syscall(SYS_nanosleep, &moment, NULL);
		_exit(0);
	}
	return expect(waitpid(pid, NULL, 0), pid);
}

static int spawn(void)
{
	int status = 0;
	pid_t pid = vfork();
	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	pause_briefly();
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : EPROTO;
}

static int spawn_on(struct slot *slot)
{
	return repeat(slot, spawn);
}

static int fork_once(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	pause_briefly();
	return expect(waitpid(pid, NULL, 0), pid);
}

static int fork_on(struct slot *slot)
{
	return repeat(slot, fork_once);
}

static void *end_at_once(void *argument)
{
	return argument;
}

static int start_thread(void)
{
	pthread_t thread;
	int problem = pthread_create(&thread, NULL, end_at_once, NULL);
	pause_briefly();
	return problem != 0 ? problem : pthread_join(thread, NULL);
}

static int start_threads(struct slot *slot)
{
	return repeat(slot, start_thread);
}

/* Loads a filter that kills for two calls, or for none where they are -1. */
static int load_filter(int first, int second)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)first, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)second, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog filter = {sizeof program / sizeof program[0], program};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0 ? 0 : errno;
}

#ifndef THREADS
#define THREADS 20
#endif

static struct slot *shared;
static pthread_barrier_t all_started;

/* Every third thread has a filter of its own, if `is_apart`. */
static void *wait_in_thread(void *is_apart)
{
	intptr_t problem = is_apart == NULL ? 0 : load_filter(-1, -1);
	(void)pthread_barrier_wait(&all_started);
	while (syscall(SYS_futex, &shared->may_go, FUTEX_WAIT, 0, NULL, NULL, 0) < 0 && !shared->may_go)
		problem = problem == 0 ? errno : problem;
	return (void *)(problem != 0 ? problem : is_filtered() ? 1000 : 0);
}

/* All threads are filtered, or none is. */
static int wait_in_threads(struct slot *slot, int is_apart)
{
	pthread_t threads[THREADS];
	int problem = 0, filtered = 0;
	shared = slot;
	(void)pthread_barrier_init(&all_started, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, wait_in_thread, is_apart && i % 3 == 0 ? slot : NULL) != 0)
			return EAGAIN;
	(void)pthread_barrier_wait(&all_started);
	(void)wait_to_go(slot);
	for (int i = 0; i < THREADS; i++) {
		void *result = NULL;
		(void)pthread_join(threads[i], &result);
		filtered += result == (void *)1000;
		if (result != NULL && result != (void *)1000)
			problem = (int)(intptr_t)result;
	}
	return problem != 0 ? problem : filtered == (is_filtered() ? THREADS : 0) ? 0 : EPROTO;
}

static int wait_alike(struct slot *slot)
{
	return wait_in_threads(slot, 0);
}

static int wait_apart(struct slot *slot)
{
	return wait_in_threads(slot, 1);
}

static void *outlive_leader(void *argument)
{
	struct slot *slot = argument;
	(void)wait_to_go(slot);
	slot->is_filtered = is_filtered();
	slot->is_done = 1;
	_exit(0);
}

static int end_leader(struct slot *slot)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, outlive_leader, slot) != 0)
		return EAGAIN;
	pthread_exit(NULL);
}

static int refuse_seccomp(struct slot *slot)
{
	int problem = load_filter(SYS_seccomp, SYS_prctl);
	return problem != 0 ? problem : wait_to_go(slot);
}

static int refuse_mmap(struct slot *slot)
{
	int problem = load_filter(SYS_mmap, SYS_munmap);
	return problem != 0 ? problem : wait_to_go(slot);
}

const struct kind wait_processes[] = {
	{"child", wait_child, 0},
	{"stopped", stay_stopped, 0},
	{"pending-signal", keep_signal, 1},
	{"signals", take_signals, 1},
	{"vfork", wait_vfork, 1},
	{"spawning", spawn_on, 1},
	{"forking", fork_on, 1},
	{"starting-threads", start_threads, 1},
	{"threads", wait_alike, 1},
	{"threads-apart", wait_apart, 1},
	{"ended-leader", end_leader, 1},
	{"seccomp-killed", refuse_seccomp, 1},
	{"mmap-killed", refuse_mmap, 1},
	{NULL, NULL, 0},
};
