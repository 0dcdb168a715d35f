/* All threads of a control group, made to stand still. */
#ifndef SANDBOX_UNIT_CATCH_H
#define SANDBOX_UNIT_CATCH_H

#include <stdint.h>

struct caught {
	unsigned int foreign; /* threads of PID namespaces that aren't seen from here */
	int is_settled;       /* there is no other thread */
	int error;            /* an errno where the control group can't be listed, or 0 */
	int has_self;         /* this process is in the control group, and left out */
	int64_t since;        /* when the first was stopped, by monotonic_time() */
};

/*
 * Stops the threads of a control group and those below it, given as its folder. Where a parent waits for the child of a
 * vfork(2), all may go on for a moment, unless `is_final`. Threads that aren't of the group are let go.
 */
struct caught catch_group(const char *group, int is_final);

#endif
