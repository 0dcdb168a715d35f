/*
 * Has the observer watch a control group while a program runs in it: `observe-one OBSERVER OPTION REQUEST PROGRAM WORD…`. The
 * lines of the file REQUEST tell the observer what to look at; OPTION is the observer's, or empty. The program finds another
 * control group at `outside`. Prints what the observer does.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP "/sys/fs/cgroup/observed"
#define OUTSIDE "/sys/fs/cgroup/outside"

static void run_in_group(char **argv)
{
	pid_t child = fork();
	if (child == 0) {
		int group = open(GROUP "/cgroup.procs", O_WRONLY);
		if (group < 0 || write(group, "0", 1) != 1)
			err(1, GROUP);
		close(group);
		execv(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	waitpid(child, NULL, 0);
}

static void request(int observer, const char *path)
{
	static char looks[1 << 18];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(file, looks, sizeof looks);
	if (size < 0 || size == sizeof looks)
		err(1, "%s", path);
	dprintf(observer, "setup /observe-one\n%.*sunit 0 " GROUP "\nstart\n", (int)size, looks);
	close(file);
}

/* Hands a line on. Returns whether there was one. */
static int copy_line(FILE *from, char *line, int size)
{
	if (fgets(line, size, from) == NULL)
		return 0;
	fputs(line, stdout);
	return 1;
}

int main(int argc, char **argv)
{
	static char line[1 << 20];
	int input[2], output[2];
	if (argc < 5)
		errx(2, "observe-one OBSERVER OPTION REQUEST PROGRAM WORD…");
	mkdir("/sys", 0755);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("groups", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0)
		err(1, "pipe");
	if (fork() == 0) {
		dup2(input[0], 0);
		dup2(output[1], 1);
		execl(argv[1], argv[1], argv[2][0] == '\0' ? NULL : argv[2], NULL);
		err(1, "%s", argv[1]);
	}
	close(output[1]);
	request(input[1], argv[3]);
	FILE *said = fdopen(output[0], "r");
	if (said == NULL || !copy_line(said, line, sizeof line) || strstr(line, "\"ready\"") == NULL)
		return 1;
	mkdir(GROUP, 0755);
	mkdir(OUTSIDE, 0755);
	(void)!symlink(OUTSIDE, "outside");
	run_in_group(argv + 4);
	rmdir(GROUP);
	close(input[1]);
	while (copy_line(said, line, sizeof line))
		;
	return 0;
}
