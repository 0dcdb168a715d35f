/* The loading of a filter, and its conditions. Each function ends the process if it can't do its work. */
#ifndef SANDBOX_UNIT_LOAD_H
#define SANDBOX_UNIT_LOAD_H

#include <stdint.h>

#include <linux/filter.h>

/* Sets no_new_privs, without which the kernel lets no unprivileged process load a filter. */
void set_no_new_privileges(void);

/* The way out when seccomp(2) fails with an errno, or NULL. */
const char *load_hint(long error);

/* Loads a program of `length` instructions with these SECCOMP_FILTER_FLAG_*. */
void load_program(struct sock_filter *instructions, uint32_t length, uint32_t flags);

#endif
