/* JSON, as far as `observe` prints it. */
#ifndef SANDBOX_UNIT_JSON_H
#define SANDBOX_UNIT_JSON_H

#include <stddef.h>

/* A string. A byte that isn't printable ASCII is \u00XX. */
void print_text(const char *bytes, size_t size);

/* A comma between the members of a list: nothing before the first, which a 1 is for. */
void print_comma(int *is_first);

/* The line of an error, after which the process ends with 1. `format` is that of printf(3). */
_Noreturn __attribute__((format(printf, 2, 3))) void refuse(const char *code, const char *format, ...);

#endif
