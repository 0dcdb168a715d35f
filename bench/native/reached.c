/* Prints the time at which a program's own code begins: CLOCK_MONOTONIC in microseconds, as systemd has it. */
#include <stdio.h>
#include <time.h>

int main(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	printf("%lld\n", (long long)time.tv_sec * 1000000 + time.tv_nsec / 1000);
	return 0;
}
