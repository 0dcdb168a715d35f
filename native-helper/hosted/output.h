/* Standard output of programs whose readers wait for whole pieces of it. */
#ifndef SANDBOX_UNIT_OUTPUT_H
#define SANDBOX_UNIT_OUTPUT_H

/* Has stdio write in large pieces, even to a terminal. To be called before anything is printed. */
void buffer_output(void);

/* Writes the output so far. Ends the process if that, or an earlier write, fails. */
void flush_output(void);

#endif
