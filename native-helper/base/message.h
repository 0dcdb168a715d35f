/* The one line that a failure prints. Pure. */
#ifndef SANDBOX_UNIT_MESSAGE_H
#define SANDBOX_UNIT_MESSAGE_H

#include <stddef.h>

/* Every part but `what` may be NULL (error: 0). */
struct failure {
	const char *what; /* "can't open the filter" */
	const char *name; /* from outside: a path, an option; shown in ticks */
	const char *rest; /* the end of the sentence, where the name stands within */
	int error;        /* errno */
	const char *hint; /* the way out */
};

#define MESSAGE_SIZE 1024

/* "PROGRAM: WHAT 'NAME' REST: ENOENT (no such file or directory); HINT\n". No NUL; returns the length. */
size_t message_write(char line[MESSAGE_SIZE], const char *program, const struct failure *failure);

#endif
