/* The pseudo-terminal that a service gets in place of the caller's terminal. What can't be done ends the program. */
#ifndef SANDBOX_UNIT_PSEUDO_TERMINAL_H
#define SANDBOX_UNIT_PSEUDO_TERMINAL_H

#include "kernel-stream.h"

struct pseudo_terminal {
	long master; /* what is read from it the service has written, and the other way round */
	long peer;   /* open for as long as the unit runs: without any, a read from the master fails */
};

/* A path below /dev/pts and a newline. */
#define PATH_LINE_SIZE 24

/* It gets the size of the caller's terminal. */
void pseudo_terminal_open(struct pseudo_terminal *pseudo_terminal);
void pseudo_terminal_open_peer(struct pseudo_terminal *pseudo_terminal);
void pseudo_terminal_copy_size(const struct pseudo_terminal *pseudo_terminal);

/* Writes its path and a newline; returns how many bytes that are. */
size_t pseudo_terminal_path_line(const struct pseudo_terminal *pseudo_terminal, char line[PATH_LINE_SIZE]);

/* Of the program: gives the caller's terminal back, says what failed, and ends. */
_Noreturn void give_up(const char *what, long result);

#endif
