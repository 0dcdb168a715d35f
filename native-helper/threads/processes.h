/* The processes of a control group, by what /proc tells of each process of the machine. */
#ifndef SANDBOX_UNIT_PROCESSES_H
#define SANDBOX_UNIT_PROCESSES_H

#include <stdint.h>

struct process_listing {
	/* Called with each thread of a process in the control group or below it. */
	void (*found)(int pid, int tid);
	/* Called with each thread of a process whose group has so long a path that the kernel doesn't tell it. */
	void (*unnamed)(int pid, int tid);
};

/*
 * Lists the processes of a control group of version 2, given as its folder. A process is found wherever in the group it
 * is moved meanwhile. One that only forks a child and ends is found, too, or its child, where two listings follow each
 * other: IDs are given in ascending order, in which processes are looked at. Threads that have ended may be among the
 * found ones. Returns 0 or an errno: ETIMEDOUT where not all were seen until `end`, by monotonic_time(); EAGAIN where
 * IDs may have begun anew since the last listing or in this one. What is outside of the group is remembered: listings
 * soon after another are quick.
 */
int list_processes(const char *group, int64_t end, const struct process_listing *listing);

#endif
