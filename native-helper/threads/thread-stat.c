#include "thread-stat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Flags of a thread that only the kernel's own headers have (include/linux/sched.h). */
#define PF_EXITING 0x4UL
#define PF_IO_WORKER 0x10UL
#define PF_USER_WORKER 0x4000UL
#define PF_KTHREAD 0x200000UL

/* A release as one number. */
#define LINUX(major, minor) ((major) * 1000U + (minor))

static unsigned int find_release(void)
{
	struct utsname name;
	unsigned int major = 0, minor = 0;
	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return 0;
	return LINUX(major, minor);
}

/* Older kernels have threads of a process that work for them as their own, and other meanings of the same flags. */
static unsigned long worker_flags(void)
{
	static unsigned int release;
	if (release == 0)
		release = find_release();
	if (release >= LINUX(6, 4))
		return PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER;
	return release >= LINUX(5, 12) ? PF_KTHREAD | PF_IO_WORKER : PF_KTHREAD;
}

int read_text(int folder, const char *path, char *text, size_t room)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	long size = fd < 0 ? -1 : read(fd, text, room - 1);
	int error = size < 0 ? errno : 0;
	if (fd >= 0)
		(void)close(fd);
	text[size > 0 ? size : 0] = '\0';
	return error;
}

/* Reads a file of a thread. Returns whether there is any text. */
static int read_text_of(int tid, const char *name, char *text, size_t room)
{
	char path[64];
	/* The files further up have sums over all threads of a process. */
	(void)snprintf(path, sizeof path, "/proc/%d/task/%d/%s", tid, tid, name);
	return read_text(AT_FDCWD, path, text, room) == 0 && text[0] != '\0';
}

/* The name, which may hold anything, ends with the last parenthesis. */
int read_thread_stat(int tid, struct thread_stat *stat)
{
	char text[2048];
	char state = 'X';
	unsigned long flags = 0;
	*stat = (struct thread_stat){0};
	const char *behind = read_text_of(tid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
	if (behind == NULL || sscanf(behind + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2)
		return -1;
	stat->has_ended = state == 'Z' || state == 'X' || (flags & PF_EXITING) != 0;
	stat->waits_for_kernel = state == 'D';
	stat->is_worker = (flags & worker_flags()) != 0;
	return 0;
}

int has_ended(int tid)
{
	struct thread_stat stat;
	return read_thread_stat(tid, &stat) == 0 && stat.has_ended;
}

/* The last word is the place, or "running". */
int runs_no_code(int tid)
{
	char text[512];
	const char *last = read_text_of(tid, "syscall", text, sizeof text) ? strrchr(text, ' ') : NULL;
	return last != NULL && strcmp(last, " 0x0\n") == 0;
}

int read_thread_call(int tid, struct thread_call *call)
{
	char text[512];
	uint64_t *arguments = call->arguments;
	*call = (struct thread_call){.nr = NO_CALL_NOW};
	if (!read_text_of(tid, "syscall", text, sizeof text))
		return -1;
	/* A thread in no call has fewer words, and one that runs has none of them. */
	int count = sscanf(text,
			   "%d %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
			   " %" SCNx64,
			   &call->nr, &arguments[0], &arguments[1], &arguments[2], &arguments[3], &arguments[4],
			   &arguments[5], &call->stack, &call->place);
	if (count == 9 && call->nr >= 0)
		return 0;
	call->nr = NO_CALL_NOW;
	return -1;
}

/* Room for a status with some thousand groups, processors and nodes. */
#define STATUS_ROOM 32768

/* A number by its key, or 0. The name, which is the first line, has no line break in it. */
static uint64_t number_of(const char *status, const char *key, int base)
{
	const char *at = strstr(status, key);
	return at == NULL ? 0 : strtoull(at + strlen(key), NULL, base);
}

uint64_t count_sleeps(int tid)
{
	char text[STATUS_ROOM];
	return read_text_of(tid, "status", text, sizeof text) ? number_of(text, "\nvoluntary_ctxt_switches:", 10) : 0;
}

int has_signal_to_handle(int tid, int signal)
{
	char text[STATUS_ROOM];
	if (!read_text_of(tid, "status", text, sizeof text))
		return 0;
	uint64_t pending = number_of(text, "\nSigPnd:", 16) | number_of(text, "\nShdPnd:", 16);
	uint64_t coming = pending & ~number_of(text, "\nSigBlk:", 16);
	if (signal > 0)
		coming |= UINT64_C(1) << (signal - 1);
	return (coming & number_of(text, "\nSigCgt:", 16)) != 0;
}
