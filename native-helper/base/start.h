#ifndef SANDBOX_UNIT_START_H
#define SANDBOX_UNIT_START_H

#include <stdint.h>

/* The program, once start.c has taken the process apart. `euid` is the effective user that the kernel reported. */
_Noreturn void launch(const char **argv, const char **envp, uint32_t euid);

#endif
