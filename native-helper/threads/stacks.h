/* The seccomp filters of threads. Equal lists of filters are kept once. */
#ifndef SANDBOX_UNIT_STACKS_H
#define SANDBOX_UNIT_STACKS_H

#include <linux/filter.h>
#include <stdint.h>

/* The filters of a thread, the oldest first: their lengths, and all their instructions. */
struct stack {
	uint32_t count;
	uint32_t total;
	const uint16_t *lengths;
	const struct sock_filter *instructions;
	int printed; /* the first thread that it was printed for, or 0 */
};

/*
 * Reads the filters of a stopped thread. Returns 0 or an errno: ESRCH where it isn't there, E2BIG where it has more than
 * the kernel allows or all together more than there is room for.
 */
int read_stack(int tid, struct stack **stack);

#endif
