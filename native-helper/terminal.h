/* The caller's terminal: what standard input and standard output are, each for itself, if they are terminals. */
#ifndef SANDBOX_UNIT_TERMINAL_H
#define SANDBOX_UNIT_TERMINAL_H

#include "kernel-stream.h"

/* Whether a descriptor is a terminal. */
int terminal_is(long fd);

/*
 * Lets every byte through unchanged: no editing, echo or signals for what is read from standard input, no processing
 * of what is written to standard output. What was before is kept the first time.
 */
void terminal_make_raw(void);

/* Gives back what was before, from the background too. */
void terminal_restore(void);

/* The size of standard output's terminal, or standard input's; of neither 24 rows of 80 columns. */
struct winsize terminal_size(void);

#endif
