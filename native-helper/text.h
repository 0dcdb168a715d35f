/* Comparing strings, without a C library. */
#ifndef SANDBOX_UNIT_TEXT_H
#define SANDBOX_UNIT_TEXT_H

#include <stddef.h>

static inline int is_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* What follows `prefix` in `text`, or NULL where `text` begins otherwise. */
static inline const char *after(const char *text, const char *prefix)
{
	for (; *prefix != '\0'; text++, prefix++)
		if (*text != *prefix)
			return NULL;
	return text;
}

#endif
