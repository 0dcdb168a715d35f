#include "settle.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "hosted/monotonic.h"
#include "threads/control-group.h"

#define MILLISECOND INT64_C(1000000)
#define TIME_TO_SETTLE 30000

/* FNV-1a, by which two looks are compared. */
#define HASH_BASIS 14695981039346656037ULL
#define HASH_PRIME 1099511628211ULL

static uint64_t hash;

static void add(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * HASH_PRIME;
}

static void add_thread(int tid)
{
	char path[32], program[4096];
	if (tid == getpid())
		return;
	(void)snprintf(path, sizeof path, "/proc/%d/exe", tid);
	long length = readlink(path, program, sizeof program);
	add(&tid, sizeof tid);
	add(program, length < 0 ? 0 : (size_t)length);
}

static uint64_t hash_of(const char *group, int64_t end)
{
	hash = HASH_BASIS;
	(void)list_group(group, end, add_thread, NULL);
	return hash;
}

static unsigned int longest_wait(unsigned int milliseconds, unsigned int within)
{
	if (within > 0)
		return within;
	return milliseconds > TIME_TO_SETTLE ? milliseconds : TIME_TO_SETTLE;
}

int await_settled(const char *group, unsigned int milliseconds, unsigned int within)
{
	static const struct timespec between_looks = {.tv_nsec = 10 * MILLISECOND};
	int64_t wanted = milliseconds * MILLISECOND;
	int64_t since = monotonic_time();
	int64_t end = since + longest_wait(milliseconds, within) * MILLISECOND;
	uint64_t last = hash_of(group, end);
	while (monotonic_time() < since + wanted) {
		if (monotonic_time() > end)
			return 0;
		(void)nanosleep(&between_looks, NULL);
		uint64_t now = hash_of(group, end);
		if (now != last)
			since = monotonic_time();
		last = now;
	}
	return 1;
}
