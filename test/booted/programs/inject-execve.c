/*
 * Makes another process execute its own program anew, and says what came of it: "refused (ERRNO)", "killed (SIGNAL)" or
 * "SUCCEEDED".
 *
 *	inject-execve PID
 *
 * The execve takes the place of the next call that the process makes. Where it is refused the process makes its own call
 * then, as if nothing had been; where it succeeds the process is killed.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

static const char program[] = "/proc/self/exe";

typedef struct user_regs_struct registers;
static pid_t pid;

static void transfer(enum __ptrace_request request, int set, void *data, size_t size)
{
	struct iovec io = {data, size};
	if (ptrace(request, pid, set, &io) != 0)
		err(1, "registers");
}

/* At the entry of a call: another call instead. */
static void replace_call(registers r, unsigned long path)
{
#ifdef __x86_64__
	r.orig_rax = SYS_execve;
	r.rdi = path;
	r.rsi = r.rdx = 0;
#else
	int nr = SYS_execve;
	transfer(PTRACE_SETREGSET, NT_ARM_SYSTEM_CALL, &nr, sizeof nr);
	r.regs[0] = path;
	r.regs[1] = r.regs[2] = 0;
#endif
	transfer(PTRACE_SETREGSET, NT_PRSTATUS, &r, sizeof r);
}

/* Back to the instruction that makes the call. */
static void repeat_call(registers r)
{
#ifdef __x86_64__
	r.rip -= 2;
	r.rax = r.orig_rax;
	r.orig_rax = (unsigned long)-1;
#else
	r.pc -= 4;
#endif
	transfer(PTRACE_SETREGSET, NT_PRSTATUS, &r, sizeof r);
}

/* Goes on to the next stop. Ends this program where that is the end of the process, or of its program. */
static struct __ptrace_syscall_info go_on(void)
{
	struct __ptrace_syscall_info info = {0};
	int status;
	if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) != 0 || waitpid(pid, &status, __WALL) != pid)
		err(1, "can't follow process %d", pid);
	if (WIFSIGNALED(status)) {
		printf("killed (SIG%s)\n", sigabbrev_np(WTERMSIG(status)));
		exit(0);
	}
	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
		puts("SUCCEEDED");
		exit(kill(pid, SIGKILL));
	}
	ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
	return info;
}

int main(int argc, char **argv)
{
	struct __ptrace_syscall_info info;
	registers entry;
	pid = argc == 2 ? atoi(argv[1]) : 0;
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC) != 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) != 0 || waitpid(pid, NULL, __WALL) != pid)
		err(1, "can't trace process %d", pid);
	do
		info = go_on();
	while (info.op != PTRACE_SYSCALL_INFO_ENTRY);
	transfer(PTRACE_GETREGSET, NT_PRSTATUS, &entry, sizeof entry);

	unsigned long path = (info.stack_pointer - 4096) & ~15UL;
	struct iovec from = {(char *)program, sizeof program}, to = {(void *)path, sizeof program};
	if (process_vm_writev(pid, &from, 1, &to, 1, 0) != sizeof program)
		err(1, "can't write to process %d", pid);
	replace_call(entry, path);
	/* A filter that kills leaves no error. */
	do
		info = go_on();
	while (info.op != PTRACE_SYSCALL_INFO_EXIT || !info.exit.is_error);
	printf("refused (%s)\n", strerrorname_np((int)-info.exit.rval));
	repeat_call(entry);
	return 0;
}
