/* The start of the tracer of stage 'entry'. */
#ifndef SANDBOX_UNIT_TRACER_H
#define SANDBOX_UNIT_TRACER_H

#include "seccomp/filter.h"

/*
 * Starts the tracer of stage 'entry' and returns once it holds this process: from then on the process dies with it.
 * The tracer is no child of this process, keeps none of its files open but standard error, and has a copy of `filter`.
 */
void start_tracer(const struct filter *filter);

#endif
