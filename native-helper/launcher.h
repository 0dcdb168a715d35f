#ifndef SANDBOX_UNIT_LAUNCHER_H
#define SANDBOX_UNIT_LAUNCHER_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"

/* The numbers that systemd.exec(5) gives these failures, under "Process Exit Codes". */
#define EXIT_INVALID_ARGUMENT 2
#define EXIT_EXEC 203
#define EXIT_NO_NEW_PRIVILEGES 227
#define EXIT_SECCOMP 228

/* Prints a failure's line and ends the process. */
_Noreturn void fail(int status, struct failure failure);

/* The way out when seccomp(2) fails with an errno, or NULL. */
const char *load_hint(long error);

/* The program, once start.c has taken the process apart. `euid` is the effective user that the kernel reported. */
_Noreturn void launch(const char **argv, const char **envp, uint32_t euid);

/* The compiler emits calls to these, so that they exist even without a C library (start.c). */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
