#include "since.h"

#include "hosted/monotonic.h"

/* The times at which the clock of the programs was set, and to which value: a call that is made later has that one, or a later
 * one. A minute and more of them. */
#define SETTINGS 1024
static struct setting {
	int64_t time;
	__u32 value;
} settings[SETTINGS];
static unsigned int count;

void note_clock(__u32 value)
{
	settings[count++ % SETTINGS] = (struct setting){.time = monotonic_time(), .value = value};
}

/* The value that the programs' clock had at a time, or an earlier one. */
static __u32 clock_at(int64_t time)
{
	for (unsigned int i = 1; i <= count && i <= SETTINGS; i++) {
		const struct setting *setting = &settings[(count - i) % SETTINGS];
		if (setting->time <= time)
			return setting->value;
	}
	return 0;
}

void see_since(struct unit *unit, int64_t since, unsigned int phase)
{
	__u32 first = clock_at(since);
	for (unsigned int call = 0; call < CALLS; call++) {
		struct seen *seen = &unit->seen[call];
		if (seen->first != 0 && seen->last >= first)
			__atomic_fetch_or(&seen->once_ready, 1U << phase, __ATOMIC_SEQ_CST);
	}
}
