/* The threads of a control group, as the kernel lists them. */
#ifndef SANDBOX_UNIT_CONTROL_GROUP_H
#define SANDBOX_UNIT_CONTROL_GROUP_H

#include <stddef.h>
#include <stdint.h>

/* No thread has this ID or a higher one (PID_MAX_LIMIT). */
#define TID_LIMIT (1 << 22)

/*
 * Calls `found` with the ID of every thread in a control group, given as its folder, and in those below it, however
 * deep. The ID is 0 for a thread of a PID namespace that isn't seen from here. A group that is gone has no threads.
 * Groups are read one after the other: a thread that is moved meanwhile may be left out. `can_move`, unless it is NULL,
 * is whether others than root could move one in version 2: groups are below this one, or such a user can make some.
 * Returns 0 or an errno: ETIMEDOUT where not all were seen until `end`, by monotonic_time(), or since they are too many.
 */
int list_group(const char *path, int64_t end, void (*found)(int tid), int *can_move);

#define GROUP_NAME_MAX ((size_t)2 * 4096)

/* Finds the name of a control group in /proc/PID/cgroup, which isn't the path of its folder. Returns 0 or an errno. */
int find_group_name(const char *path, char name[GROUP_NAME_MAX]);

#endif
