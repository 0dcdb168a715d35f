/*
 * Opens a file for writing that may not be written, so many times, and so often a second; without a rate as fast as it can.
 * Prints a line of JSON with, in nanoseconds a call, `refused`, the mean of these, and `allowed`, the mean of as many getppid.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void wait_until(double at)
{
	double left = at - now();
	struct timespec time = { .tv_sec = (time_t)(left / 1e9) };
	time.tv_nsec = (long)(left - (double)time.tv_sec * 1e9);
	if (left > 0)
		nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: refusals COUNT RATE");
	long count = atol(argv[1]), rate = atol(argv[2]);
	double begin = now();
	for (long i = 0; i < count; i++) {
		if (open("/usr/refused", O_WRONLY | O_CREAT, 0600) >= 0 || errno != EROFS)
			err(1, "/usr/refused was not refused");
		if (rate > 0)
			wait_until(begin + (double)(i + 1) * 1e9 / (double)rate);
	}
	double between = now();
	for (long i = 0; i < count && rate == 0; i++)
		syscall(SYS_getppid);
	double end = now();
	printf("{\"refused\":%.1f,\"allowed\":%.1f}\n", (between - begin) / (double)count,
	       (end - between) / (double)count);
	return 0;
}
