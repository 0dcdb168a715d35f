/*
 * A service whose user owns its root. When /go is there it puts itself in the place of its launcher, and ends to be
 * started anew: for the mount of the launcher the link's way begins at /, for its start at the working directory. As the
 * launcher it loads the filter as that does, but with a key that it knows, by which another program is started that
 * says so: /own/free.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER "/local/libexec/sandbox-unit"
#define KEY 0x1122334455667788
#define GUARD 18

#ifdef __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#else
#define ARCH AUDIT_ARCH_AARCH64
#endif

static void make_folders(const char *above)
{
	const char *const below[] = {"", "/local", "/local/libexec", FOLDER};
	for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
		char path[200] = {0};
		strcat(strcat(path, above), below[i]);
		mkdir(path, 0755);
	}
}

static void copy(const char *from, const char *to)
{
	char bytes[1 << 16];
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT, 0755);
	for (ssize_t size; (size = read(in, bytes, sizeof bytes)) > 0;)
		if (write(out, bytes, (size_t)size) != size)
			exit(3);
	close(out);
}

/* The launcher's guard (native-helper/seccomp/filter.c), with our key. */
static void write_guard(struct sock_filter *guard)
{
	const uint32_t words[] = {0, 4, 40, 44, 48, 52, 56, 60};
	for (uint8_t i = 0; i < 8; i++) {
		uint32_t half = i % 2 == 0 ? (uint32_t)KEY : (uint32_t)(KEY >> 32);
		uint32_t value = i == 0 ? SYS_execve : i == 1 ? ARCH : half;
		guard[2 * i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, words[i]);
		guard[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)(15 - 2 * i));
	}
	guard[16] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	guard[17] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0);
}

/* The program for this machine of a filter file: a header of 24 bytes, entries of three words, programs. */
static unsigned short read_program(const char *path, struct sock_filter *program)
{
	static uint32_t words[1 << 15];
	if (read(open(path, O_RDONLY), words, sizeof words) < 24)
		exit(4);
	const uint32_t *entry = words + 6;
	const uint32_t *at = entry + 3 * words[5];
	for (; entry[0] != ARCH; at += 2 * entry[2], entry += 3)
		;
	memcpy(program, at, entry[2] * sizeof *program);
	return (unsigned short)entry[2];
}

static void launch_with_own_key(const char *filter)
{
	static struct sock_filter program[4096];
	write_guard(program);
	unsigned short length = (unsigned short)(GUARD + read_program(filter, program + GUARD));
	struct sock_fprog loaded = {.len = length, .filter = program};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) != 0)
		exit(5);
	const char *const argv[] = {"/app", "free", NULL};
	if (fork() == 0)
		syscall(SYS_execve, argv[0], argv, argv + 2, KEY, KEY, KEY);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "free") == 0)
		return open("/own/free", O_WRONLY | O_CREAT, 0644) < 0;
	if (argc > 1 && strncmp(argv[1], "--filter=", 9) == 0)
		launch_with_own_key(argv[1] + 9);
	while (access("/go", F_OK) != 0)
		usleep(20000);
	make_folders("/real");
	make_folders("/own/real");
	copy("/app", "/own/real" FOLDER "/launcher");
	unlink("/go");
	if (rename("/usr", "/usr.old") != 0 || symlink("/proc/self/cwd/real", "/usr") != 0)
		return 2;
	return 1;
}
