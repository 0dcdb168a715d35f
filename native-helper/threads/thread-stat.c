#include "thread-stat.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Flags of a thread that only the kernel's own headers have (include/linux/sched.h). */
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

/* Reads a file of /proc that the kernel gives in one piece, as text. Returns whether there is any. */
static int read_text(int tid, const char *name, char *text, size_t room)
{
	char path[64];
	/* The files further up have sums over all threads of a process. */
	(void)snprintf(path, sizeof path, "/proc/%d/task/%d/%s", tid, tid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long size = fd < 0 ? -1 : read(fd, text, room - 1);
	if (fd >= 0)
		(void)close(fd);
	text[size > 0 ? size : 0] = '\0';
	return size > 0;
}

/* The name, which may hold anything, ends with the last parenthesis. */
int read_thread_stat(int tid, struct thread_stat *stat)
{
	char text[2048];
	char state = 'X';
	unsigned long flags = 0;
	*stat = (struct thread_stat){0};
	const char *behind = read_text(tid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;
	if (behind == NULL || sscanf(behind + 1, " %c %*d %*d %*d %*d %*d %lu", &state, &flags) != 2)
		return -1;
	stat->has_ended = state == 'Z' || state == 'X';
	stat->waits_for_kernel = state == 'D';
	stat->is_worker = (flags & worker_flags()) != 0;
	return 0;
}

/* The last word is the place, or "running". */
int runs_no_code(int tid)
{
	char text[512];
	const char *last = read_text(tid, "syscall", text, sizeof text) ? strrchr(text, ' ') : NULL;
	return last != NULL && strcmp(last, " 0x0\n") == 0;
}
