#include "text.h"

#include <stdint.h>

/* Empty assembly: without it the compiler makes of memcpy's loop a call of memcpy, within memcpy. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	unsigned char *target = to;
	const unsigned char *source = from;
	for (size_t i = 0; i < size; i++) {
		target[i] = source[i];
		KEEP_LOOP();
	}
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	unsigned char *target = to;
	for (size_t i = 0; i < size; i++) {
		target[i] = (unsigned char)byte;
		KEEP_LOOP();
	}
	return to;
}

size_t strlen(const char *text)
{
	size_t length = 0;
	for (; text[length] != '\0'; length++)
		KEEP_LOOP();
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

char *strchrnul(const char *text, int c)
{
	while (*text != '\0' && *text != (char)c)
		text++;
	return (char *)(uintptr_t)text;
}
