/* System calls by name. Pure. */
#ifndef SANDBOX_UNIT_CALLS_H
#define SANDBOX_UNIT_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* Above every call's number on the machines that we know. */
#define CALL_NUMBERS 1024

#define CALL_ABSENT (-1)  /* other machines or calling conventions have it */
#define CALL_UNKNOWN (-2) /* nobody has it */

/* The number of a native call of a machine (AUDIT_ARCH_*), or CALL_*. The name needs no NUL. */
int call_number(const char *name, size_t length, uint32_t arch);

#endif
