/* Lines of standard input, without waiting for one. */
#ifndef SANDBOX_UNIT_LINES_H
#define SANDBOX_UNIT_LINES_H

/* Reads what there is. Returns 0 at the end of the input. */
int read_input(void);

/* The next whole line that was read, without its end; NULL for none. Good until the next call of either function. */
char *next_line(void);

#endif
