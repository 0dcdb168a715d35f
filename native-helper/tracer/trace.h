/* The tracing of stage 'entry', from the seizure of a process to its release. */
#ifndef SANDBOX_UNIT_TRACE_H
#define SANDBOX_UNIT_TRACE_H

#include "seccomp/filter.h"

/*
 * Begins to trace a process, which lives no longer than its tracer from then on. `status` becomes that of a stop which
 * has come already, or 0. Returns 0 or a negative errno.
 */
long trace_begin(int pid, int *status);

/*
 * Waits for the process to exec, and lets it run to the entry point of its program. There the process has to load the
 * main program of the filter, and is let go. `status` is that of trace_begin(). If the process ends before, so does the
 * tracer; a failure kills the process.
 */
_Noreturn void trace(int pid, int status, const struct filter *filter);

#endif
