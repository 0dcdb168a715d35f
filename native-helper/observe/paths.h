/* Paths of a dump. */
#ifndef SANDBOX_UNIT_PATHS_OF_DUMP_H
#define SANDBOX_UNIT_PATHS_OF_DUMP_H

#include "programs.h"

/* Prints a path as a string: that of a name below `base`, which may be empty. */
void print_name(const struct place *base, const char *name);

/* Prints the member with the paths of a unit. */
void print_paths(const struct tables *tables, unsigned int index);

#endif
