/* Standard output, written in large pieces. Each function ends the process if it can't be written. */
#ifndef SANDBOX_UNIT_OUTPUT_H
#define SANDBOX_UNIT_OUTPUT_H

void print_char(char c);
void print(const char *text);
void print_number(unsigned int number);

/* Writes what was printed so far. */
void flush(void);

#endif
