/*
 * intrude GROUP PID: as soon as a process has a filter, starts another in a control group, and prints its PID. That one
 * comes when the threads of the group have been listed, and some of them have been given the filter.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_filtered(const char *pid)
{
	char path[64], text[4096] = "";
	(void)snprintf(path, sizeof path, "/proc/%s/status", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
		errx(1, "%s has ended", pid);
	(void)close(fd);
	return strstr(text, "\nSeccomp:\t2") != NULL;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "intrude GROUP PID");
	int group = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)group};
	(void)!write(1, "watches\n", 8);
	while (!is_filtered(argv[2]))
		;
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid < 0)
		err(1, "clone3");
	if (pid > 0)
		dprintf(1, "%ld\n", pid);
	for (;;)
		(void)pause();
}
