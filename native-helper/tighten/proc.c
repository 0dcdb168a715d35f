#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAP_SYS_ADMIN_BIT 21

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
	return 0;
}

/* Names of files begin with a slash: nobody but the kernel maps something of this name. */
static int is_vdso(const char *line, uint64_t *from)
{
	int name = 0;
	unsigned long at = 0;
	if (sscanf(line, "%lx-%*x r-xp %*s %*s 0 %n", &at, &name) != 1 || name == 0 || strcmp(line + name, "[vdso]\n") != 0)
		return 0;
	*from = at;
	return 1;
}

uint64_t find_vdso(int tid)
{
	char *line = NULL;
	size_t room = 0;
	uint64_t from = 0;
	int fd = open_proc(tid, "maps");
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	while (file != NULL && getline(&line, &room, file) > 0 && !is_vdso(line, &from))
		;
	if (file != NULL)
		(void)fclose(file);
	free(line);
	return from;
}

unsigned long read_memory(int tid, uint64_t from, void *to, unsigned long size)
{
	int fd = open_proc(tid, "mem");
	long got = fd < 0 ? 0 : pread(fd, to, size, (off_t)from);
	if (fd >= 0)
		(void)close(fd);
	return got > 0 ? (unsigned long)got : 0;
}

/* An entry of /proc/PID/pagemap, and its bits for a page that is in memory, or in swap (its documentation has them). */
#define ENTRY_SIZE 8
#define IN_MEMORY_OR_SWAP 62

static int is_page_at_hand(int fd, uint64_t page)
{
	uint64_t entry = 0;
	long size = pread(fd, &entry, ENTRY_SIZE, (off_t)(page * ENTRY_SIZE));
	return size == ENTRY_SIZE && entry >> IN_MEMORY_OR_SWAP != 0;
}

int is_at_hand(int tid, uint64_t from, unsigned long size)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	int fd = open_proc(tid, "pagemap");
	if (fd < 0)
		return errno == ENOENT;
	int result = is_page_at_hand(fd, from / page_size) && is_page_at_hand(fd, (from + size - 1) / page_size);
	(void)close(fd);
	return result;
}
