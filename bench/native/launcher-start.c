/*
 * What the launcher adds to the start of a program, from fork to end:
 *
 *	launcher-start ROUNDS PROGRAM LAUNCHER [OPTION...]
 *
 * Runs PROGRAM and `LAUNCHER OPTION... -- PROGRAM` in turn, ROUNDS times each, on one processor, and prints a line of
 * JSON with the medians and the quickest runs in microseconds.
 */
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Microseconds from before the fork until the program has ended. It must end well: a failed start is quick. */
static double run(char **argv)
{
	int status;
	pid_t pid;
	double start = now();
	int error = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	if (error != 0)
		errx(1, "%s: %s", argv[0], strerror(error));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s did not end with status 0", argv[0]);
	return now() - start;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static void stay_on_this_processor(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof set, &set);
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (argc < 4 || rounds == 0)
		errx(1, "launcher-start ROUNDS PROGRAM LAUNCHER [OPTION...]");
	char *program[] = {argv[2], NULL};
	char **launched = calloc((size_t)argc + 1, sizeof *launched);
	double *direct_times = calloc(rounds, sizeof *direct_times);
	double *launched_times = calloc(rounds, sizeof *launched_times);
	if (launched == NULL || direct_times == NULL || launched_times == NULL)
		err(1, "memory");
	memcpy(launched, argv + 3, (size_t)(argc - 3) * sizeof *launched);
	launched[argc - 3] = "--";
	launched[argc - 2] = argv[2];

	stay_on_this_processor();
	run(program);
	run(launched);
	for (size_t i = 0; i < rounds; i++) {
		direct_times[i] = run(program);
		launched_times[i] = run(launched);
	}
	qsort(direct_times, rounds, sizeof *direct_times, by_size);
	qsort(launched_times, rounds, sizeof *launched_times, by_size);
	double direct = direct_times[rounds / 2], with_launcher = launched_times[rounds / 2];
	printf("{\"direct\":%.1f,\"launched\":%.1f,\"added\":%.1f,\"directQuickest\":%.1f,\"launchedQuickest\":%.1f}\n",
	       direct, with_launcher, with_launcher - direct, direct_times[0], launched_times[0]);
	return 0;
}
