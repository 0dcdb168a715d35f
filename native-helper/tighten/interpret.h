/* A seccomp program, run on one call. Pure. */
#ifndef SANDBOX_UNIT_INTERPRET_H
#define SANDBOX_UNIT_INTERPRET_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

/* The answer of a program to a call: SECCOMP_RET_*. A program that the kernel wouldn't take answers with a kill. */
uint32_t interpret(const struct sock_filter *program, uint32_t length, const struct seccomp_data *call);

#endif
