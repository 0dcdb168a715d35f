/* What sandboxify and libsandbox.so do alike. Each function ends the process if it can't do its work. */
#ifndef SANDBOX_UNIT_SANDBOX_H
#define SANDBOX_UNIT_SANDBOX_H

#include "filter.h"
#include "request.h"

/* Reads the request from the environment. */
struct sandbox_request take_request(const char *const *environment);

/* Ends the process for want of a request. */
_Noreturn void fail_without_request(void);

/* Writes the filter that an allow or a deny list asks for, says on stderr what is in it, and returns its length. */
uint32_t write_filter(const struct sandbox_request *request, struct sock_filter program[PROGRAM_MAX]);

#endif
