/*
 * pick-off GROUP SEED MICROSECONDS: kills a process of a control group, chosen at random, each time that so long has passed,
 * until a half is left. Prints a line before the first, and how many it has killed at the end.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 1000

static int pids[PROCESSES_MAX];

static int list(const char *path)
{
	int count = 0;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		err(1, "%s", path);
	while (count < PROCESSES_MAX && fscanf(file, "%d", &pids[count]) == 1)
		count++;
	(void)fclose(file);
	return count;
}

int main(int argc, char **argv)
{
	char path[4096];
	if (argc != 4)
		errx(2, "pick-off GROUP SEED MICROSECONDS");
	(void)snprintf(path, sizeof path, "%s/cgroup.procs", argv[1]);
	srandom((unsigned int)strtoul(argv[2], NULL, 10));
	int count = list(path), killed = 0;
	(void)!write(1, "ready\n", 6);
	for (int left = count; left > count / 2; left--) {
		int at = (int)(random() % left);
		(void)usleep((useconds_t)atoi(argv[3]));
		killed += kill(pids[at], SIGKILL) == 0;
		pids[at] = pids[left - 1];
	}
	printf("%d\n", killed);
	return 0;
}
