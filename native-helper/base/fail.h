/* How a program of ours fails, and answers --help and --version. */
#ifndef SANDBOX_UNIT_FAIL_H
#define SANDBOX_UNIT_FAIL_H

#include "message.h"

/* The numbers that systemd.exec(5) gives these failures, under "Process Exit Codes". */
#define EXIT_INVALID_ARGUMENT 2
#define EXIT_EXEC 203
#define EXIT_NO_NEW_PRIVILEGES 227
#define EXIT_SECCOMP 228

/* Each program defines its name, with which its lines on standard error begin. */
extern const char program_name[];

/* Prints a failure's line. */
void report(struct failure failure);

/* Prints a failure's line and ends the process. */
_Noreturn void fail(int status, struct failure failure);

/* Prints the usage or the version and ends the process, if `word` is --help or --version. It may be NULL. */
void answer_help(const char *word, const char *usage);

#endif
