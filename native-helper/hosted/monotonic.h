#ifndef SANDBOX_UNIT_MONOTONIC_H
#define SANDBOX_UNIT_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* The clock that nobody sets, in nanoseconds. */
static inline int64_t monotonic_time(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return 1000000000 * (int64_t)now.tv_sec + now.tv_nsec;
}

#endif
