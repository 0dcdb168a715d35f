/* The words of the lines that `observe` reads and prints. */
#ifndef SANDBOX_UNIT_NAMES_H
#define SANDBOX_UNIT_NAMES_H

#include "observe-bpf/tables.h"

extern const char *const abi_names[ABIS];
extern const char *const phase_names[PHASES];
extern const char *const look_names[LOOK_KINDS];
extern const char *const path_use_names[PATH_USES];
extern const char *const peer_use_names[PEER_USES];
extern const char *const lost_names[LOSSES];

#endif
