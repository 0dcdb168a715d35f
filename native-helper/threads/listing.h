/* Listings of a control group, by which its threads are stopped. */
#ifndef SANDBOX_UNIT_LISTING_H
#define SANDBOX_UNIT_LISTING_H

#include <stdint.h>

struct listing {
	int is_news; /* a thread that may have started, or moved, another until now; or not all was listed */
	int has_self; /* this process is in the control group, and left out */
	unsigned int foreign; /* threads of PID namespaces that aren't seen from here */
};

/* How many listings without news follow each other where no thread is left out. */
#define QUIET_LISTINGS 2

/* Looks at a control group as hold_group() does, and stops no thread: they will stand still for less time. */
void look_ahead(const char *group, int64_t end);

/*
 * Lists the threads of a control group and of those below it, given as its folder, and begins to stop each (hold.h). Where
 * others than root may move threads between groups, `is_thorough` has processes looked for in /proc, too, once the groups
 * have no news. Adds to `listing`. Returns 0 or an errno.
 */
int hold_group(const char *group, int64_t end, int is_thorough, struct listing *listing);

#endif
