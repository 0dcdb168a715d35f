/* The pseudo-terminal that a service gets in place of the caller's terminal. A failure ends the program. */
#ifndef SANDBOX_UNIT_PSEUDO_TERMINAL_H
#define SANDBOX_UNIT_PSEUDO_TERMINAL_H

struct pseudo_terminal {
	int master; /* the end that this program reads and writes */
	int peer;   /* open for as long as the unit runs: without any, a read from the master fails */
};

/* Opens a pseudo-terminal with the size of the caller's terminal. */
void pseudo_terminal_open(struct pseudo_terminal *pseudo_terminal);

/* Opens the peer again after somebody has hung it up: that has made the peer useless to all who have it open. */
void pseudo_terminal_reopen_peer(struct pseudo_terminal *pseudo_terminal);

void pseudo_terminal_copy_size(const struct pseudo_terminal *pseudo_terminal);

/* Writes the pseudo-terminal's path and a newline to a descriptor. */
void pseudo_terminal_tell_path(const struct pseudo_terminal *pseudo_terminal, int fd);

/* The program defines this: gives the caller's terminal back, reports the failure with errno, and ends. */
_Noreturn void give_up(const char *what);

#endif
