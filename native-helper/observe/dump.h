/* The lines that tell what was seen: src/observe/observed.ts has what is in them. */
#ifndef SANDBOX_UNIT_DUMP_H
#define SANDBOX_UNIT_DUMP_H

#include "programs.h"
#include "request.h"

/* Prints the line of a unit. */
void print_unit(const struct request *request, const struct tables *tables, unsigned int index);

/* Prints the line of a second: how many calls each unit has made so far. */
void print_tick(const struct tables *tables);

/* Prints the kinds of evidence that can't be had, as a list. */
void print_blind(const struct tables *tables);

#endif
