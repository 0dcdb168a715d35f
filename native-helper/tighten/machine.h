/* A machine's registers, for calls that a stopped thread is made to make. */
#ifndef SANDBOX_UNIT_MACHINE_H
#define SANDBOX_UNIT_MACHINE_H

#include "tracee.h"

/* Whether threads of this machine can be made to make calls. */
int is_machine_known(void);

/* Reads a stopped thread's registers, and writes them back. They return 0, or -1 with an errno. */
int read_machine(struct tracee *tracee);
int write_machine(const struct tracee *tracee);

/* Whether the thread was in a call when it was stopped. */
int is_in_call(const struct tracee *tracee);

/* Finds an instruction that makes calls: the one that the thread has just made one by, or one in the vDSO. */
int find_site(struct tracee *tracee);

/* Puts the thread before that instruction, with the registers for a call. Returns 0, or -1 with an errno. */
int set_call(const struct tracee *tracee, const struct injected_call *call);

#endif
