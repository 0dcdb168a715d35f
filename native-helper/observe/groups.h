/* The control groups of the units. */
#ifndef SANDBOX_UNIT_WATCHED_GROUPS_H
#define SANDBOX_UNIT_WATCHED_GROUPS_H

#include "programs.h"
#include "request.h"

/* Has the programs count the calls of a unit, from the making of its control group on where there is none yet. Ends the
 * process if its parent isn't there. */
void watch_groups(const struct request *request, struct tables *tables);

/* Looks whether a unit's control group is another than that which is watched: then its first calls were missed. To be
 * called once a second. */
void find_moved_groups(const struct request *request, struct tables *tables);

#endif
