/*
 * evade WAY FIRST LAST: processes that go from one control group to another, so as to be in none that is just listed:
 *
 *	watch-move watch-fork    one, at the right moment: it is in the last group, and leaves for the first when the
 *	                         threads of that one have been listed, and comes back behind the listing of the last
 *	deep-watch-move          the same, in groups so deep below the first and the last that no path leads there
 *	move fork                twenty, all the time
 *
 * It is moved, or it forks a child into the other group and ends. Its name is "ready" once it does so, and that of the
 * process which starts all is "complete" then.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As long a process lives at most, in seconds. */
#define LIFE 120

#define CROWD 20

struct group {
	int folder;
	int processes; /* its file cgroup.procs */
	int watch;
};

static struct group first, last;
static time_t end;

/* Together longer than PATH_MAX. */
#define LEVELS 17
#define NAME_LENGTH 250

static int go_down(int folder)
{
	char name[NAME_LENGTH + 1] = "";
	(void)memset(name, 'd', NAME_LENGTH);
	for (int i = 0; i < LEVELS; i++) {
		(void)mkdirat(folder, name, 0755);
		folder = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return folder;
}

static struct group open_group(const char *path, int is_deep)
{
	struct group group = {.folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (is_deep)
		group.folder = go_down(group.folder);
	group.processes = openat(group.folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (group.processes < 0)
		err(1, "%s", path);
	return group;
}

static int watch(int queue, struct group group)
{
	char file[64];
	(void)snprintf(file, sizeof file, "/proc/self/fd/%d/cgroup.threads", group.folder);
	int result = inotify_add_watch(queue, file, IN_CLOSE);
	if (result < 0)
		err(1, "%s", file);
	return result;
}

static void move(struct group to)
{
	(void)!write(to.processes, "0", 1);
}

static void fork_into(struct group to)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)to.folder};
	if (syscall(SYS_clone3, &arguments, sizeof arguments) > 0)
		_exit(0);
}

static _Noreturn void evade_watching(void (*go)(struct group to))
{
	int queue = inotify_init1(IN_CLOEXEC);
	first.watch = watch(queue, first);
	last.watch = watch(queue, last);
	go(last);
	(void)prctl(PR_SET_NAME, "ready", 0, 0, 0);
	for (;;) {
		struct inotify_event event;
		if (read(queue, &event, sizeof event) != sizeof event || time(NULL) > end)
			_exit(1);
		go(event.wd == first.watch ? first : last);
	}
}

static _Noreturn void evade_blindly(void (*go)(struct group to))
{
	(void)prctl(PR_SET_NAME, "ready", 0, 0, 0);
	while (time(NULL) < end) {
		go(first);
		go(last);
	}
	_exit(1);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "evade WAY FIRST LAST");
	void (*go)(struct group to) = strstr(argv[1], "fork") != NULL ? fork_into : move;
	int is_deep = strncmp(argv[1], "deep-", 5) == 0;
	first = open_group(argv[2], is_deep);
	last = open_group(argv[3], is_deep);
	end = time(NULL) + LIFE;
	/* It waits for all that ends below it, and goes to no group: it is found by any listing. */
	(void)signal(SIGCHLD, SIG_IGN);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	int is_watching = strstr(argv[1], "watch-") != NULL;
	for (int count = is_watching ? 1 : CROWD; count > 0; count--)
		if (fork() == 0) {
			if (is_watching)
				evade_watching(go);
			evade_blindly(go);
		}
	(void)prctl(PR_SET_NAME, "complete", 0, 0, 0);
	for (;;)
		(void)pause();
}
