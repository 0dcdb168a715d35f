/* System calls by name. Pure. */
#ifndef SANDBOX_UNIT_CALLS_H
#define SANDBOX_UNIT_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* More than the highest number of a call on x86-64 and arm64. */
#define CALL_NUMBERS 1024

#define CALL_ABSENT (-1)  /* only other machines or calling conventions have the call */
#define CALL_UNKNOWN (-2) /* no machine has the call */

/* The number of a native call of a machine (AUDIT_ARCH_*), or CALL_*. The name needs no NUL. */
int call_number(const char *name, size_t length, uint32_t arch);

#endif
