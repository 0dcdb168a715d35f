/* The main function of a freestanding program. */
#ifndef SANDBOX_UNIT_START_H
#define SANDBOX_UNIT_START_H

#include <stdint.h>

/* Each program defines it; start.c calls it. `euid` is the effective user that the kernel reported. */
_Noreturn void launch(const char **argv, const char **envp, uint32_t euid);

#endif
