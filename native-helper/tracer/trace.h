#ifndef SANDBOX_UNIT_TRACE_H
#define SANDBOX_UNIT_TRACE_H

#include "seccomp/filter.h"

/*
 * Begins to trace a process, which lives no longer than its tracer from then on. `status` becomes that of a stop which
 * has come already, or 0. Returns 0 or a negative errno.
 */
long trace_begin(int pid, int *status);

/*
 * Waits for the process to exec, lets it run to the entry point of its program, has it load the main program of the
 * filter there, and lets go of it. `status` is that of trace_begin(). Ends with the process where that ends before; a
 * failure kills it.
 */
_Noreturn void trace(int pid, int status, const struct filter *filter);

#endif
