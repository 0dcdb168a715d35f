/* A machine's registers, for calls that a stopped thread is made to make. */
#ifndef SANDBOX_UNIT_MACHINE_H
#define SANDBOX_UNIT_MACHINE_H

#include "tracee.h"

/* Reads a stopped thread's registers, and writes them back. They return 0, or -1 with an errno. */
int read_machine(struct tracee *tracee);
int write_machine(const struct tracee *tracee);

/* Whether the thread was in a call when it was stopped. */
int is_in_call(const struct tracee *tracee);

/* Finds an instruction that makes calls: in the vDSO, or on x86-64 the one that the thread has just made one by. */
int find_site(struct tracee *tracee);

/* Puts the thread before that instruction, with the registers for a call. Returns 0, or -1 with an errno. */
int set_call(const struct tracee *tracee, const struct injected_call *call);

/* Finds the call to make last in a thread that was in a call. Returns whether the machine takes one. */
int find_last_call(const struct tracee *tracee, struct injected_call *call);

/*
 * Behind that last call: has the kernel take it for the one that was interrupted, and its result for the one that this
 * had. Returns 0, or -1 with an errno.
 */
int return_to_call(const struct tracee *tracee);

#endif
