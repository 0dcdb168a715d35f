/* The filter file, its base64 form, and the exec guard. Pure: bytes in, bytes out; builds with any C library or none. */
#ifndef SANDBOX_UNIT_FILTER_H
#define SANDBOX_UNIT_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The filter file, little-endian, with nothing between its parts and nothing after them:
 *
 *	char magic[8]           "SBXUNITF"
 *	u32 version             1
 *	u32 stage               when the policy takes effect: FILTER_STAGE_*
 *	u32 flags               FILTER_*
 *	u32 count               programs, 1 to FILTER_PROGRAMS_MAX
 *	count times:
 *		u32 arch        AUDIT_ARCH_* of the machine's native ABI
 *		u32 role        FILTER_ROLE_*; at stage entry one of each for an architecture, else main alone
 *		u32 length      instructions, 1 to PROGRAM_MAX
 *	the programs in the same order, 8 bytes an instruction (struct sock_filter)
 */
#define FILTER_VERSION 1U
#define FILTER_STAGE_EXEC 0U        /* from the program's first instruction, its dynamic linker's that is */
#define FILTER_STAGE_ENTRY 1U       /* from the program's entry point */
#define FILTER_STAGE_READY 2U       /* from when the service is up; 'tighten' loads it, and the launcher refuses it */
#define FILTER_ROLE_MAIN 0U         /* the policy */
#define FILTER_ROLE_START 1U        /* in force between the exec and the entry point: the policy and start-up calls */
#define FILTER_NO_NEW_PRIVILEGES 1U /* set no_new_privs before the filter is loaded */
#define FILTER_LOG 2U               /* load with SECCOMP_FILTER_FLAG_LOG */
#define FILTER_FLAGS_KNOWN (FILTER_NO_NEW_PRIVILEGES | FILTER_LOG)
#define FILTER_PROGRAMS_MAX 8U

#define GUARD_LENGTH 18U
#define PROGRAM_MAX (BPF_MAXINSNS - GUARD_LENGTH)

#define FILTER_HEADER_SIZE 24U
#define FILTER_ENTRY_SIZE 12U
#define INSTRUCTION_SIZE 8U
#define FILTER_SIZE_MIN (FILTER_HEADER_SIZE + FILTER_ENTRY_SIZE + INSTRUCTION_SIZE)
#define FILTER_SIZE_MAX                                                                                                \
	(FILTER_HEADER_SIZE + FILTER_PROGRAMS_MAX * (FILTER_ENTRY_SIZE + PROGRAM_MAX * INSTRUCTION_SIZE))

#define KEY_WORDS 3U

/* A program within a filter file's bytes. */
struct program {
	uint32_t length;
	const uint8_t *instructions;
};

/* This machine's part of a filter file; `start` is empty but at stage entry. */
struct filter {
	uint32_t stage;
	uint32_t flags;
	struct program main;
	struct program start;
};

/*
 * Checks a whole file, the programs of other machines too, and finds the one for `arch`.
 * Returns NULL, or the problem as the end of the sentence "the filter …".
 */
const char *filter_parse(const uint8_t *bytes, size_t size, uint32_t arch, struct filter *filter);

/*
 * Decodes standard base64 (RFC 4648 section 4), padded, without spaces and with no bit set behind the end, so that every
 * value has one form. `*size` holds the room at `bytes` before and the number of bytes after. Returns as filter_parse().
 */
const char *base64_decode(const char *text, uint8_t *bytes, size_t *size);

/*
 * Writes the exec guard, the prologue of the filter. It lets a native execve through whose arguments 3, 4 and 5 are the
 * key. Every other call it leaves to the instruction after it, in the state in which a program starts.
 */
void guard_write(struct sock_filter guard[GUARD_LENGTH], uint32_t arch, uint32_t nr_execve, const uint64_t key[KEY_WORDS]);

#endif
