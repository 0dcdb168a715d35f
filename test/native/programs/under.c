/*
 * Starts a command in surroundings that are hard on it:
 *
 *	under [--fail=CALL[@ARGUMENT]:ERRNO]... [--permit=CALL,CALL...] [--ignore=SIGNAL] [--block=SIGNAL] [--close=FD]
 *	      [--subreaper] [--] COMMAND [ARGUMENT...]
 *
 * --fail answers a call, or only one with this first argument, with an errno (0: success that is none). --permit kills
 * every call that it doesn't list. --subreaper makes it a parent of its orphaned descendants (prctl(2)).
 */
#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name) {#name, SYS_##name}
static const struct {
	const char *name;
	unsigned int nr;
} calls[] = {
	CALL(clone),   CALL(close_range), CALL(execve), CALL(exit_group), CALL(getpid),         CALL(getppid),
	CALL(getrandom), CALL(newfstatat),  CALL(openat), CALL(prctl),      CALL(ptrace),         CALL(read),
	CALL(rt_sigprocmask), CALL(seccomp), CALL(sendto), CALL(socketpair), CALL(wait4), CALL(write),
};

static unsigned int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].nr;
	errx(1, "unknown call '%s'", name);
}

static struct sock_filter program[128] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
};
static unsigned short length = 1;

static void answer(const char *name, unsigned int action)
{
	program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number_of(name), 0, 1);
	program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

/* Takes CALL[@ARGUMENT]:ERRNO apart. */
static void fail(char *text)
{
	char *colon = strchr(text, ':'), *at = strchr(text, '@');
	if (colon == NULL)
		errx(1, "--fail=CALL[@ARGUMENT]:ERRNO");
	*colon = '\0';
	unsigned int action = SECCOMP_RET_ERRNO | (unsigned int)atoi(colon + 1);
	if (at == NULL) {
		answer(text, action);
		return;
	}
	*at = '\0';
	const struct sock_filter rule[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number_of(text), 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)strtoul(at + 1, NULL, 0), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	memcpy(program + length, rule, sizeof rule);
	length = (unsigned short)(length + sizeof rule / sizeof rule[0]);
}

static void load(unsigned int otherwise)
{
	program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise);
	struct sock_fprog filter = {length, program};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0)
		err(1, "can't load a filter");
}

static void block(int number)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"fail", required_argument, NULL, 'f'},  {"permit", required_argument, NULL, 'p'},
		{"ignore", required_argument, NULL, 'i'}, {"block", required_argument, NULL, 'b'},
		{"close", required_argument, NULL, 'c'},  {"subreaper", no_argument, NULL, 's'},
		{0},
	};
	unsigned int otherwise = SECCOMP_RET_ALLOW;
	int option;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == 'f') {
			fail(optarg);
		} else if (option == 'p') {
			otherwise = SECCOMP_RET_KILL_PROCESS;
			for (char *name = strtok(optarg, ","); name != NULL; name = strtok(NULL, ","))
				answer(name, SECCOMP_RET_ALLOW);
		} else if (option == 'i') {
			signal(atoi(optarg), SIG_IGN);
		} else if (option == 'b') {
			block(atoi(optarg));
		} else if (option == 'c') {
			close(atoi(optarg));
		} else if (option == 's') {
			prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		} else {
			return 1;
		}
	}
	if (length > 1)
		load(otherwise);
	execv(argv[optind], argv + optind);
	err(1, "can't execute %s", argv[optind]);
}
