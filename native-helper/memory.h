#ifndef SANDBOX_UNIT_MEMORY_H
#define SANDBOX_UNIT_MEMORY_H

#include <stddef.h>

/* The compiler emits calls to these, so that they exist even without a C library (memory.c). */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
