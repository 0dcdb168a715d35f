/*
 * A launcher that leaks: it loads a guarded filter that refuses every execve, and starts a program with the key both in
 * the registers and in the environment. A search that doesn't find this key would find no other.
 *
 *	leak PROGRAM [ARGUMENT...]
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../native-helper/seccomp/filter.h"

#ifdef __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

int main(int argc, char **argv)
{
	static struct sock_filter program[GUARD_LENGTH + 4];
	uint64_t key[KEY_WORDS] = {0x6162636465666768, 0x696a6b6c6d6e6f70, 0x7172737475767778};
	char text[KEY_WORDS * sizeof key[0] + 1] = {0};
	struct sock_fprog filter = {GUARD_LENGTH + 4, program};

	if (argc < 2)
		errx(1, "leak PROGRAM [ARGUMENT...]");
	memcpy(text, key, sizeof key);
	setenv("LEAK", text, 1);
	guard_write(program, NATIVE_ARCH, SYS_execve, key);
	program[GUARD_LENGTH] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	program[GUARD_LENGTH + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1);
	program[GUARD_LENGTH + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	program[GUARD_LENGTH + 3] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, 2, &filter, 0, 0) != 0)
		err(1, "can't load the filter");
	syscall(SYS_execve, argv[1], argv + 1, environ, key[0], key[1], key[2]);
	err(1, "%s", argv[1]);
}
