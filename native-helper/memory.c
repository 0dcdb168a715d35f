#include "memory.h"

/* The empty assembly keeps the compiler from seeing the loop as what it is and calling the function it is in. */
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

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *left = a;
	const unsigned char *right = b;
	for (size_t i = 0; i < size; i++) {
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
		KEEP_LOOP();
	}
	return 0;
}
