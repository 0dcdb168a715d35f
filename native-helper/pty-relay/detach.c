#include "detach.h"

#include "hosted/monotonic.h"

#define DETACH_KEY 0x1d /* ^] */
#define DETACH_COUNT 3
#define DETACH_WITHIN 1000000000 /* nanoseconds */

int is_detached(const char *typed, size_t length)
{
	static int count;
	static int64_t first;
	for (size_t i = 0; i < length; i++) {
		if (typed[i] != DETACH_KEY) {
			count = 0;
			continue;
		}
		int64_t now = monotonic_time();
		if (count == 0 || now - first > DETACH_WITHIN) {
			first = now;
			count = 0;
		}
		if (++count == DETACH_COUNT)
			return 1;
	}
	return 0;
}
