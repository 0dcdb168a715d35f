/*
 * Watches a launcher through its exec, and looks for the key: `watch-exec LAUNCHER ARGUMENT...` prints
 *
 *	key=HEX        the three words as they stand in the registers at the entry of the execve
 *	before=N       copies of any half of the key in the launcher's memory at that moment
 *	planted=N      copies found where one was planted on purpose, so that the search is known to find one
 *	after=N        copies in the new program's memory and registers at its first instruction
 *	filter=HEX     the new program's last filter as the kernel holds it, or why it can't be read
 *	flags=N        the flags that it was loaded with, or why they can't be read
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static uint32_t halves[6];

static long count_in(const unsigned char *bytes, size_t size)
{
	long found = 0;
	for (size_t at = 0; at + sizeof halves[0] <= size; at++)
		for (int i = 0; i < 6; i++)
			if (memcmp(bytes + at, &halves[i], sizeof halves[0]) == 0)
				found++;
	return found;
}

/* Copies of the key's halves in everything that the process has mapped. */
static long count_in_memory(pid_t pid)
{
	char path[64], line[512];
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	int memory = open(path, O_RDONLY | O_CLOEXEC);
	if (maps == NULL || memory < 0)
		err(1, "%s", path);
	long found = 0;
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long start, end;
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		unsigned char *bytes = malloc(end - start);
		ssize_t size = bytes == NULL ? -1 : pread(memory, bytes, end - start, (off_t)start);
		if (size > 0)
			found += count_in(bytes, (size_t)size);
		free(bytes);
	}
	fclose(maps);
	close(memory);
	return found;
}

static long count_in_registers(pid_t pid)
{
	struct user_regs_struct registers;
	struct iovec io = {&registers, sizeof registers};
	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) != 0)
		err(1, "PTRACE_GETREGSET");
	return count_in((const unsigned char *)&registers, io.iov_len);
}

/* Puts one half of the key on the process's stack and takes it away again. */
static long count_planted(pid_t pid)
{
	struct user_regs_struct registers;
	struct iovec io = {&registers, sizeof registers};
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
#ifdef __x86_64__
	unsigned long address = registers.rsp - 1024;
#else
	unsigned long address = registers.sp - 1024;
#endif
	long before = ptrace(PTRACE_PEEKDATA, pid, address, NULL);
	ptrace(PTRACE_POKEDATA, pid, address, (unsigned long)halves[3] << 32);
	long found = count_in_memory(pid);
	ptrace(PTRACE_POKEDATA, pid, address, before);
	return found;
}

static void print_filter(pid_t pid)
{
	static struct sock_filter program[BPF_MAXINSNS];
	struct {
		uint64_t index, flags;
	} metadata = {0, 0};
	long length = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0, program);
	printf("filter=");
	for (size_t i = 0; length > 0 && i < (size_t)length * sizeof program[0]; i++)
		printf("%02x", ((unsigned char *)program)[i]);
	printf("%s\n", length > 0 ? "" : strerrorname_np(errno));
	if (ptrace(PTRACE_SECCOMP_GET_METADATA, pid, sizeof metadata, &metadata) > 0)
		printf("flags=%lu\n", (unsigned long)metadata.flags);
	else
		printf("flags=%s\n", strerrorname_np(errno));
}

/* Runs on to the next stop; false when the process has ended. */
static int next_stop(pid_t pid, int *status)
{
	return ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0 && waitpid(pid, status, 0) == pid && WIFSTOPPED(*status);
}

static void note_key(const struct __ptrace_syscall_info *info)
{
	memcpy(halves, &info->entry.args[3], sizeof halves);
	printf("key=%016llx%016llx%016llx\n", (unsigned long long)info->entry.args[3],
	       (unsigned long long)info->entry.args[4], (unsigned long long)info->entry.args[5]);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(1, "watch-exec LAUNCHER ARGUMENT...");
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execv(argv[1], argv + 1);
		err(1, "%s", argv[1]);
	}
	int status, execs = 0;
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	while (next_stop(pid, &status)) {
		struct __ptrace_syscall_info info;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			if (++execs < 2)
				continue;
			printf("after=%ld\n", count_in_memory(pid) + count_in_registers(pid));
			print_filter(pid);
			break;
		}
		if (execs == 1 && ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_execve) {
			note_key(&info);
			printf("before=%ld\nplanted=%ld\n", count_in_memory(pid), count_planted(pid));
		}
	}
	kill(pid, SIGKILL);
	return execs == 2 ? 0 : 1;
}
