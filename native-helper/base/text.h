/* The functions of string.h that are needed where there is no C library. Compilers emit calls to the first three. */
#ifndef SANDBOX_UNIT_TEXT_H
#define SANDBOX_UNIT_TEXT_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

/* The place of the first character `c` in a text, or of its NUL. */
char *strchrnul(const char *text, int c);

/* The rest of `text` behind `prefix`, or NULL where `text` begins otherwise. */
static inline const char *after(const char *text, const char *prefix)
{
	for (; *prefix != '\0'; text++, prefix++)
		if (*text != *prefix)
			return NULL;
	return text;
}

#endif
