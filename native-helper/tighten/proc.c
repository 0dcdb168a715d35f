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

static FILE *open_lines(int tid, const char *name)
{
	int fd = open_proc(tid, name);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL && fd >= 0)
		(void)close(fd);
	return file;
}

/* Sets a number if a line begins with a key. */
static void take_number(const char *line, const char *key, int base, unsigned long *number)
{
	size_t length = strlen(key);
	if (strncmp(line, key, length) == 0)
		*number = strtoul(line + length, NULL, base);
}

/* A process's name, the first line, has no line break in it. A line may be long: a process may have many groups. */
int read_proc(int tid, struct proc_thread *thread)
{
	char *line = NULL;
	size_t room = 0;
	unsigned long tgid = 0, tracer = 0, seccomp = 0, no_new_privileges = 0, capabilities = 0;
	FILE *file = open_lines(tid, "status");
	*thread = (struct proc_thread){0};
	while (file != NULL && getline(&line, &room, file) > 0) {
		take_number(line, "Tgid:", 10, &tgid);
		take_number(line, "TracerPid:", 10, &tracer);
		take_number(line, "Seccomp:", 10, &seccomp);
		take_number(line, "NoNewPrivs:", 10, &no_new_privileges);
		take_number(line, "CapEff:", 16, &capabilities);
	}
	free(line);
	if (file != NULL)
		(void)fclose(file);
	thread->tgid = (int)tgid;
	thread->tracer = (int)tracer;
	thread->seccomp = (int)seccomp;
	thread->has_no_new_privileges = no_new_privileges == 1;
	thread->may_load = (capabilities >> CAP_SYS_ADMIN_BIT & 1) != 0;
	return tgid == 0 ? -1 : 0;
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
	FILE *file = open_lines(tid, "maps");
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
