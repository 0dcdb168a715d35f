/* The request of the environment to sandboxify and libsandbox.so. Pure. */
#ifndef SANDBOX_UNIT_REQUEST_H
#define SANDBOX_UNIT_REQUEST_H

#include <stdint.h>

#include "base/message.h"
#include "calls.h"

enum request_kind {
	REQUEST_NOTHING, /* no list, and not said that there is to be none */
	REQUEST_NO_FILTER,
	REQUEST_ALLOW,
	REQUEST_DENY,
};

struct sandbox_request {
	enum request_kind kind;
	const char *list; /* names, separated by colons */
	uint32_t refusal; /* SECCOMP_RET_* of a refused call */
};

/* Reads the variables. Returns whether they are in order; else fills in `failure`. */
int request_read(const char *const *environment, struct sandbox_request *request, struct failure *failure);

/* The failure of a REQUEST_NOTHING where a request is needed. */
struct failure request_missing(void);

/*
 * Marks the calls of a list, by their numbers on a machine. Returns whether all names are known; else fills in `failure`,
 * with text that the next call overwrites.
 */
int request_calls(const struct sandbox_request *request, uint32_t arch, uint8_t listed[CALL_NUMBERS], struct failure *failure);

/* Room for the longest line of request_line. */
#define REQUEST_LINE_SIZE 128

/*
 * Writes a line on the first name of a list in order: "adding NAME to the process seccomp filter\n". Moves the list on
 * behind that name, or to NULL at its end. Returns the line's length.
 */
size_t request_line(const char **list, uint32_t arch, char line[REQUEST_LINE_SIZE]);

/* Takes the variables out of the environment, in place. The text stays: that given to putenv(3) may be read-only. */
void request_remove(const char **environment);

/* The value of a variable, or NULL; the first, if there are several. */
const char *variable(const char *const *environment, const char *name);

#endif
