#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAP_SYS_ADMIN_BIT 21

/* Flags of a thread that only the kernel's own headers have (include/linux/sched.h). */
#define PF_IO_WORKER 0x10UL
#define PF_USER_WORKER 0x4000UL
#define PF_KTHREAD 0x200000UL

static int open_proc(int tid, const char *name)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/%s", tid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads a file that the kernel gives in one piece, as text. Returns whether there is any. */
static int read_text(int tid, const char *name, char *text, size_t room)
{
	int fd = open_proc(tid, name);
	long size = fd < 0 ? -1 : read(fd, text, room - 1);
	if (fd >= 0)
		(void)close(fd);
	text[size > 0 ? size : 0] = '\0';
	return size > 0;
}

/* The number behind a key of /proc/TID/status. A process's name, the first line, has no line break in it. */
static unsigned long number_of(const char *status, const char *key, int base)
{
	const char *at = strstr(status, key);
	return at == NULL ? 0 : strtoul(at + strlen(key), NULL, base);
}

/* The name, which may hold anything, ends with the last parenthesis. */
static int read_stat(int tid, struct proc_thread *thread)
{
	char text[2048];
	char state = 'X';
	unsigned long flags = 0;
	if (!read_text(tid, "stat", text, sizeof text))
		return -1;
	const char *behind = strrchr(text, ')');
	if (behind == NULL || sscanf(behind + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2)
		return -1;
	thread->has_ended = state == 'Z' || state == 'X';
	thread->waits_for_kernel = state == 'D';
	thread->is_worker = (flags & (PF_IO_WORKER | PF_USER_WORKER | PF_KTHREAD)) != 0;
	return 0;
}

int read_proc(int tid, struct proc_thread *thread)
{
	char text[8192];
	*thread = (struct proc_thread){0};
	if (!read_text(tid, "status", text, sizeof text))
		return -1;
	thread->tgid = (int)number_of(text, "\nTgid:", 10);
	thread->tracer = (int)number_of(text, "\nTracerPid:", 10);
	thread->seccomp = (int)number_of(text, "\nSeccomp:", 10);
	thread->has_no_new_privileges = number_of(text, "\nNoNewPrivs:", 10) == 1;
	thread->may_load = (number_of(text, "\nCapEff:", 16) >> CAP_SYS_ADMIN_BIT & 1) != 0;
	return read_stat(tid, thread);
}

uint64_t read_auxiliary(int tid, uint64_t type, unsigned int word)
{
	uint8_t bytes[1024];
	int fd = open_proc(tid, "auxv");
	long size = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);
	if (fd >= 0)
		(void)close(fd);
	for (long at = 0; at + 2 * (long)word <= size; at += 2 * (long)word) {
		uint64_t pair[2] = {0};
		memcpy(&pair[0], bytes + at, word);
		memcpy(&pair[1], bytes + at + word, word);
		if (pair[0] == type)
			return pair[1];
	}
	return 0;
}

unsigned long read_memory(int tid, uint64_t from, void *to, unsigned long size)
{
	int fd = open_proc(tid, "mem");
	long got = fd < 0 ? 0 : pread(fd, to, size, (off_t)from);
	if (fd >= 0)
		(void)close(fd);
	return got > 0 ? (unsigned long)got : 0;
}
