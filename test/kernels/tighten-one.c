/*
 * tighten-one KIND TIGHTEN WORD…: has `tighten` give a filter to a process in a control group, and lets the process go on.
 * Prints what `tighten` does, its exit status, and the errno of the process's uname, or 200 where it noticed something.
 *
 *	reads    waits in a call that begins anew behind a stop
 *	polls    waits in one that answers EINTR behind it
 *	runs     makes no call
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP "/sys/fs/cgroup/tightened"
#define NOTICED 200

static volatile struct {
	int is_ready;
	int may_go;
} *shared;

static int wait_for(const char *kind, int end)
{
	char byte;
	struct epoll_event event = {.events = EPOLLIN};
	int group = epoll_create1(0);
	shared->is_ready = 1;
	if (strcmp(kind, "reads") == 0)
		return read(end, &byte, 1) == 1;
	if (strcmp(kind, "polls") == 0)
		return epoll_ctl(group, EPOLL_CTL_ADD, end, &event) == 0 && epoll_wait(group, &event, 1, -1) == 1;
	while (!shared->may_go)
		;
	return 1;
}

static int serve(const char *kind, int end)
{
	struct utsname name;
	int group = open(GROUP "/cgroup.procs", O_WRONLY);
	if (group < 0 || write(group, "0", 1) != 1)
		err(1, GROUP);
	if (!wait_for(kind, end))
		return NOTICED;
	return uname(&name) == 0 ? 0 : errno;
}

/* A process of that kind waits from the moment on at which it sleeps. */
static int is_there(const char *kind, pid_t pid)
{
	char path[64], text[512] = "";
	if (!shared->is_ready || strcmp(kind, "runs") == 0)
		return shared->is_ready;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	int file = open(path, O_RDONLY);
	(void)!read(file, text, sizeof text - 1);
	close(file);
	return strstr(text, ") S ") != NULL;
}

int main(int argc, char **argv)
{
	int ends[2], status;
	if (argc < 3)
		errx(2, "tighten-one KIND TIGHTEN WORD…");
	mkdir("/sys", 0755);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("groups", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	mkdir(GROUP, 0755);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || pipe(ends) != 0)
		err(1, "pipe");
	pid_t pid = fork();
	if (pid == 0)
		_exit(serve(argv[1], ends[0]));
	while (!is_there(argv[1], pid))
		usleep(1000);
	pid_t tightening = fork();
	if (tightening == 0) {
		execv(argv[2], argv + 2);
		err(1, "%s", argv[2]);
	}
	waitpid(tightening, &status, 0);
	printf("status %d\n", WEXITSTATUS(status));
	shared->may_go = 1;
	(void)!write(ends[1], "x", 1);
	waitpid(pid, &status, 0);
	printf("uname %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
	rmdir(GROUP);
	return 0;
}
