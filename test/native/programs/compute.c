/*
 * Loads filters of its own that compute with the number of every call, and waits:
 *
 *	compute LENGTH COUNT PROCESSES        they let every call through
 *	compute LENGTH COUNT PROCESSES hide   they refuse every call but pause(2)
 *
 * So many filters of so many instructions in each of so many processes, all of them different.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#define WAITS SYS_pause
#else
#define NATIVE AUDIT_ARCH_AARCH64
#define WAITS SYS_ppoll
#endif

#define LENGTH_MAX 4096

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* A filter that is told from others by a number, which it adds, and takes away again. */
static void load(int length, unsigned int number, int hides)
{
	static struct sock_filter filter[LENGTH_MAX];
	int at = 0;
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, hides ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	while (at < length - 4) {
		filter[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, number);
		filter[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, number);
	}
	filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, WAITS, 1, 0);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, hides ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW);
	filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = (unsigned short)at, .filter = filter};
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		fail("seccomp");
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	int length = atoi(argv[1]), count = atoi(argv[2]), processes = atoi(argv[3]), hides = argc > 4;
	int index = 0;
	for (int i = 1; i < processes && index == 0; i++) {
		int pid = fork();
		if (pid < 0)
			fail("fork");
		if (pid == 0)
			index = i;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail("prctl");
	for (int i = 0; i < count; i++)
		load(length, (unsigned int)(index * count + i + 1), hides);
	for (;;)
		syscall(WAITS, 0, 0, 0, 0, 0);
}
