/* The caller's terminal: standard input and standard output, each for itself, if they are terminals. */
#ifndef SANDBOX_UNIT_TERMINAL_H
#define SANDBOX_UNIT_TERMINAL_H

#include <sys/ioctl.h>

/*
 * Lets every byte through unchanged: no editing, echo or signals for bytes read from standard input, no processing of
 * those written to standard output. The modes before are kept the first time.
 */
void terminal_make_raw(void);

/* Gives the terminals their modes before, from the background, too. */
void terminal_restore(void);

/* The size of standard output's terminal, or standard input's; of neither 24 rows of 80 columns. */
struct winsize terminal_size(void);

/* A descriptor of standard output: a terminal is opened anew, so that no other program's writes to it cease to block. */
int terminal_open_output(void);

#endif
