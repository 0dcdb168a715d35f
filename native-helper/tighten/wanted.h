/* The program to load, as a filter file has it. */
#ifndef SANDBOX_UNIT_WANTED_H
#define SANDBOX_UNIT_WANTED_H

#include <linux/filter.h>
#include <stdint.h>

/* The program, the flags of seccomp(2) to load it by, and whether no_new_privs is to be set before. */
struct wanted {
	const struct sock_filter *instructions;
	uint32_t length;
	uint32_t flags;
	int sets_no_new_privileges;
};

/* Reads a filter file of stage 'ready' that only root may have written. A failure ends this process. */
struct wanted read_wanted(const char *path);

#endif
