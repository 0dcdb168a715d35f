/* The control group of this process, and the state of others. */
#ifndef SANDBOX_UNIT_PROCESS_H
#define SANDBOX_UNIT_PROCESS_H

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Goes into a control group, given as its folder. */
static inline void join(const char *group)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/cgroup.procs", group);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		err(1, "%s", path);
	(void)close(fd);
}

/* The letter of a process's state, or a thread's, behind its name (proc_pid_stat(5)); X where it isn't there. */
static inline char state_of(pid_t pid)
{
	char path[64], text[1024] = "";
	(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	if (file != NULL) {
		text[fread(text, 1, sizeof text - 1, file)] = '\0';
		(void)fclose(file);
	}
	const char *behind = strrchr(text, ')');
	return behind == NULL ? 'X' : behind[2];
}

#endif
