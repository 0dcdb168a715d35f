/* The steps that sandboxify and libsandbox.so share. Each function ends the process if it can't do its work. */
#ifndef SANDBOX_UNIT_SANDBOX_H
#define SANDBOX_UNIT_SANDBOX_H

#include "seccomp/filter.h"
#include "request.h"

/* Reads the request from the environment. */
struct sandbox_request take_request(const char *const *environment);

/* Writes the filter of an allow or a deny list, names its calls on stderr, and returns the length of the filter. */
uint32_t write_filter(const struct sandbox_request *request, struct sock_filter program[PROGRAM_MAX]);

#endif
