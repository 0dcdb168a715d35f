/* Calls by when they were made, as exactly as it is known afterwards. */
#ifndef SANDBOX_UNIT_SINCE_H
#define SANDBOX_UNIT_SINCE_H

#include <stdint.h>

#include "observe-bpf/tables.h"

/* The clock of the programs has been set just now. */
void note_clock(__u32 value);

/* All calls that may have been made since a time of the monotonic clock, in nanoseconds, count as made in a phase once the unit
 * was ready. */
void see_since(struct unit *unit, int64_t since, unsigned int phase);

#endif
