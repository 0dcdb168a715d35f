/*
 * Runs a command in a box, in its cgroup init.scope:
 *   box-exec PID all|outside-network input|no-input FOLDER COMMAND [ARGUMENT]...
 * PID is that of the box's PID 1. The command has pipes, whose bytes this program carries: Node's are sockets, which can't be
 * opened by name as /dev/stdin can. It ends as the command does, once nobody holds the other end of its output.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP)
#define OWN_CGROUP "/sys/fs/cgroup/init.scope/cgroup.procs"

static void give_up(const char *what)
{
	fprintf(stderr, "box-exec: %s: %s\n", what, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void enter(const char *pid, int namespaces)
{
	int process = (int)syscall(SYS_pidfd_open, atoi(pid), 0);
	if (process < 0 || setns(process, namespaces) != 0)
		give_up("can't enter the box");
	(void)close(process);
}

/* The command is in a cgroup that the box can't see until it joins one of the box's. */
static void join_cgroup(void)
{
	int fd = open(OWN_CGROUP, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		give_up(OWN_CGROUP);
	(void)close(fd);
}

static void execute(const char *folder, char **command, int streams[3][2])
{
	for (int fd = 0; fd < 3; fd++)
		if (dup2(streams[fd][fd == 0 ? 0 : 1], fd) < 0)
			give_up("can't make pipes");
	join_cgroup();
	if (chdir(folder) != 0)
		give_up(folder);
	(void)execvp(command[0], command);
	give_up(command[0]);
}

/* Writes all, to a descriptor that may be non-blocking. Returns 0 where nobody reads. */
static int write_all(int fd, const char *bytes, ssize_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, (size_t)length);
		if (written > 0) {
			bytes += written;
			length -= written;
		} else if (errno == EAGAIN) {
			struct pollfd room = {.fd = fd, .events = POLLOUT};
			(void)poll(&room, 1, -1);
		} else if (errno != EINTR) {
			return 0;
		}
	}
	return 1;
}

static void carry_output(int from[2])
{
	char bytes[65536];
	struct pollfd ready[2] = {{.fd = from[0], .events = POLLIN}, {.fd = from[1], .events = POLLIN}};
	while (ready[0].fd >= 0 || ready[1].fd >= 0) {
		if (poll(ready, 2, -1) < 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (ready[i].fd < 0 || ready[i].revents == 0)
				continue;
			ssize_t length = read(ready[i].fd, bytes, sizeof bytes);
			if (length <= 0 || !write_all(i + 1, bytes, length)) {
				(void)close(ready[i].fd);
				ready[i].fd = -1;
			}
		}
	}
}

/* A process of its own, outside of the box: a command that reads little and prints much stops neither. */
static void carry_input(int streams[3][2])
{
	pid_t pid = fork();
	if (pid < 0)
		give_up("can't fork");
	if (pid != 0)
		return;
	char bytes[65536];
	ssize_t length;
	(void)close(streams[0][0]);
	(void)close(1);
	while ((length = read(0, bytes, sizeof bytes)) > 0 && write_all(streams[0][1], bytes, length))
		;
	_exit(0);
}

static void end_as(int status)
{
	if (WIFSIGNALED(status)) {
		struct rlimit none = {0, 0};
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	int streams[3][2];
	for (int fd = 0; fd < 3; fd++)
		if (pipe2(streams[fd], O_CLOEXEC) != 0)
			give_up("can't make pipes");
	if (strcmp(argv[3], "input") == 0)
		carry_input(streams);
	else
		(void)dup3(open("/dev/null", O_RDONLY | O_CLOEXEC), streams[0][0], O_CLOEXEC);
	enter(argv[1], strcmp(argv[2], "all") == 0 ? NAMESPACES | CLONE_NEWNET : NAMESPACES);
	pid_t command = fork();
	if (command < 0)
		give_up("can't fork");
	if (command == 0)
		execute(argv[4], argv + 5, streams);
	(void)close(streams[0][0]);
	(void)close(streams[0][1]);
	(void)close(streams[1][1]);
	(void)close(streams[2][1]);
	carry_output((int[]){streams[1][0], streams[2][0]});
	int status;
	while (waitpid(command, &status, 0) < 0 && errno == EINTR)
		;
	end_as(status);
}
