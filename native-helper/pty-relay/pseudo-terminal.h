/* The pseudo-terminal that a service gets in place of the caller's terminal. A failure ends the program. */
#ifndef SANDBOX_UNIT_PSEUDO_TERMINAL_H
#define SANDBOX_UNIT_PSEUDO_TERMINAL_H

struct pseudo_terminal {
	int master; /* the end that this program reads and writes */
	int peer;   /* open for as long as the unit runs: without any, a read from the master fails */
};

/* It gets the size of the caller's terminal. */
void pseudo_terminal_open(struct pseudo_terminal *pseudo_terminal);

/* For after somebody has hung it up: whoever has it open can't use it any more, a new service opens it again. */
void pseudo_terminal_reopen_peer(struct pseudo_terminal *pseudo_terminal);

void pseudo_terminal_copy_size(const struct pseudo_terminal *pseudo_terminal);

/* Writes its path and a newline to a descriptor. */
void pseudo_terminal_tell_path(const struct pseudo_terminal *pseudo_terminal, int fd);

/* Of the program: gives the caller's terminal back, reports the failure with errno, and ends. */
_Noreturn void give_up(const char *what);

#endif
