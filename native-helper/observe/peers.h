/* Addresses of a dump. */
#ifndef SANDBOX_UNIT_PEERS_OF_DUMP_H
#define SANDBOX_UNIT_PEERS_OF_DUMP_H

#include "programs.h"

/* Prints the member with the addresses of a unit. */
void print_peers(const struct tables *tables, unsigned int index);

#endif
