/* The exec that a filter lets through once. */
#ifndef SANDBOX_UNIT_ONE_SHOT_H
#define SANDBOX_UNIT_ONE_SHOT_H

#include <stdint.h>

#include "filter.h"

/* A filter with room for the guard in front of it, as the kernel takes them. */
struct guarded_filter {
	struct sock_filter guard[GUARD_LENGTH];
	struct sock_filter program[PROGRAM_MAX];
};
_Static_assert(sizeof(struct guarded_filter) == BPF_MAXINSNS * sizeof(struct sock_filter), "nothing in between");

/*
 * Puts the guard in front of a filter's program of `length` instructions, loads both as one filter with these
 * SECCOMP_FILTER_FLAG_*, and executes `path`. Ends the process if any of that fails.
 */
_Noreturn void exec_once(struct guarded_filter *filter, uint32_t length, uint32_t flags, const char *path,
			 const char *const *argv, const char *const *envp);

/* Executes `path` with the filters that are in force. Ends the process if that fails. */
_Noreturn void exec_unfiltered(const char *path, const char *const *argv, const char *const *envp);

#endif
