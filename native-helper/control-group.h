/* The threads of a control group, as the kernel lists them. */
#ifndef SANDBOX_UNIT_CONTROL_GROUP_H
#define SANDBOX_UNIT_CONTROL_GROUP_H

/* No thread has this ID or a higher one (PID_MAX_LIMIT). */
#define TID_LIMIT (1 << 22)

/*
 * Calls `found` with the ID of every thread in a control group, given as its folder, and in those below it; with 0 for
 * a thread of a PID namespace that isn't seen from here. A group that is gone has none. Returns 0 or a negative errno:
 * ELOOP where groups are nested too deep.
 */
long list_group(const char *folder, void (*found)(int tid));

#endif
