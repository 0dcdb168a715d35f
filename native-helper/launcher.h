#ifndef SANDBOX_UNIT_LAUNCHER_H
#define SANDBOX_UNIT_LAUNCHER_H

#include <stddef.h>
#include <stdint.h>

/* The program, once start.c has taken the process apart. `euid` is the effective user that the kernel reported. */
_Noreturn void launch(const char **argv, const char **envp, uint32_t euid);

/* The compiler emits calls to these, so that they exist even without a C library (start.c). */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
