/* Comparing and joining strings, without a C library. */
#ifndef SANDBOX_UNIT_TEXT_H
#define SANDBOX_UNIT_TEXT_H

#include <stddef.h>
#include <stdint.h>

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

/* Writes `text` at `end` without the NUL behind it, and returns the new end. */
static inline char *append(char *end, const char *text)
{
	while (*text != '\0')
		*end++ = *text++;
	return end;
}

static inline char *append_number(char *end, uint32_t number)
{
	if (number >= 10)
		end = append_number(end, number / 10);
	*end++ = (char)('0' + number % 10);
	return end;
}

#endif
