/* The signals that pty-relay reads as it reads its files. */
#ifndef SANDBOX_UNIT_SIGNALS_H
#define SANDBOX_UNIT_SIGNALS_H

/* Blocks signals that change the terminal or end the program, and SIGPIPE. Returns a descriptor of the former, or -1. */
int signals_open(void);

/* The next signal, or 0 where there is none. */
int signals_read(int fd);

#endif
