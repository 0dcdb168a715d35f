/* ^] three times within a second takes the terminal away from the service. */
#ifndef SANDBOX_UNIT_DETACH_H
#define SANDBOX_UNIT_DETACH_H

#include <stddef.h>

/* Whether the third ^] is among the bytes typed. Those of earlier calls count, too. */
int is_detached(const char *typed, size_t length);

#endif
