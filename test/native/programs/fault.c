/*
 * Lets something happen to the launcher's tracer (stage 'entry') at its N-th call, and becomes what comes of the rest:
 *
 *	fault kill|fail|none N COMMAND [ARGUMENT...]
 *
 * `kill` kills the tracer at the entry of that call, `fail` answers it with EPERM. The last line on standard error is
 * "calls=N", the number of calls that the tracer began. Ends with the status of the command, 128 and more for a signal.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs on until the process has forked, lets go of it, and returns the child, stopped. */
static pid_t follow_fork(pid_t pid)
{
	int status;
	unsigned long child;
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_CLONE << 8)) {
			ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child);
			waitpid((pid_t)child, &status, __WALL);
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			return (pid_t)child;
		}
		ptrace(PTRACE_CONT, pid, NULL, NULL);
	}
	errx(1, "there is no tracer");
}

/* Runs to the next entry into a call or return from one. False when the process has ended. */
static int run_to_call_stop(pid_t pid)
{
	int status, signal = 0;
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, signal) != 0 || waitpid(pid, &status, __WALL) != pid)
			return 0;
		if (!WIFSTOPPED(status))
			return 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			return 1;
		signal = WSTOPSIG(status);
	}
}

static void fail_call(pid_t pid)
{
	struct user_regs_struct registers;
	struct iovec io = {&registers, sizeof registers};
#ifdef __x86_64__
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
	registers.orig_rax = (unsigned long)-1;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
	run_to_call_stop(pid);
	registers.rax = (unsigned long)-EPERM;
#else
	int number = -1;
	struct iovec call = {&number, sizeof number};
	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &call);
	run_to_call_stop(pid);
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
	registers.regs[0] = (unsigned long)-EPERM;
#endif
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
}

/* Returns how many calls the tracer began. */
static int disturb(pid_t pid, const char *how, int at)
{
	int calls = 0;
	while (run_to_call_stop(pid)) {
		calls++;
		if (calls == at && strcmp(how, "kill") == 0)
			kill(pid, SIGKILL);
		if (calls == at && strcmp(how, "fail") == 0)
			fail_call(pid);
		else if (!run_to_call_stop(pid))
			break;
	}
	return calls;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(1, "fault kill|fail|none N COMMAND [ARGUMENT...]");
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execv(argv[3], argv + 3);
		err(1, "%s", argv[3]);
	}
	int status;
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	pid_t between = follow_fork(pid);
	ptrace(PTRACE_CONT, between, NULL, NULL);
	int calls = disturb(follow_fork(between), argv[1], atoi(argv[2]));
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	fprintf(stderr, "calls=%d\n", calls);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
