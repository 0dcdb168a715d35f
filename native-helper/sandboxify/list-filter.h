/* The filter of a list of calls. Pure. */
#ifndef SANDBOX_UNIT_LIST_FILTER_H
#define SANDBOX_UNIT_LIST_FILTER_H

#include "seccomp/filter.h"
#include "calls.h"

/*
 * Where such a filter is in force, a close(2) of this descriptor, which can't be open, fails with this errno, which no
 * kernel has. By it libsandbox.so sees that a program without the variables has inherited a filter. The question itself
 * is never refused: a dynamic linker must be allowed to close files.
 */
#define MARK_DESCRIPTOR 0xfee1f117U
#define MARK_ERRNO 2989U

enum list_kind { LIST_ALLOWS, LIST_DENIES };

/*
 * Writes the filter for a machine (AUDIT_ARCH_*) and returns its length. Calls that the list doesn't let through get
 * `refusal` (SECCOMP_RET_*). So do all calls of other calling conventions (i386, x32, 32-bit arm). `listed` says of
 * each number whether it is in the list.
 */
uint32_t list_filter_write(struct sock_filter program[PROGRAM_MAX], uint32_t arch, enum list_kind kind,
			   const uint8_t listed[CALL_NUMBERS], uint32_t refusal);

#endif
