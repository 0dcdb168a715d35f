/* Paths of a dump. */
#ifndef SANDBOX_UNIT_PATHS_OF_DUMP_H
#define SANDBOX_UNIT_PATHS_OF_DUMP_H

#include "programs.h"

/* Prints where a file is, as a string. */
void print_file(const struct place *place);

/* Prints the member with the paths of a unit. */
void print_paths(const struct tables *tables, unsigned int index);

#endif
