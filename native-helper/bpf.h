/*
 * Seccomp programs: their instructions and what a program sees of a call (linux/filter.h, linux/seccomp.h).
 * The same on every machine, and free of system calls.
 */
#ifndef SANDBOX_UNIT_BPF_H
#define SANDBOX_UNIT_BPF_H

#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the filter file and the guard assume little-endian");

struct sock_filter {
	uint16_t code;
	uint8_t jt;
	uint8_t jf;
	uint32_t k;
};
_Static_assert(sizeof(struct sock_filter) == 8, "struct sock_filter");

struct sock_fprog {
	uint16_t len;
	struct sock_filter *filter;
};

#define BPF_MAXINSNS 4096U

#define BPF_LOAD_WORD 0x20U     /* BPF_LD | BPF_W | BPF_ABS */
#define BPF_JUMP_IF_EQUAL 0x15U /* BPF_JMP | BPF_JEQ | BPF_K */
#define BPF_JUMP_IF_GREATER_OR_EQUAL 0x35U /* BPF_JMP | BPF_JGE | BPF_K */
#define BPF_JUMP 0x05U          /* BPF_JMP | BPF_JA */
#define BPF_AND 0x54U           /* BPF_ALU | BPF_AND | BPF_K */
#define BPF_RETURN 0x06U        /* BPF_RET | BPF_K */

#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#define SECCOMP_RET_ERRNO 0x00050000U
#define SECCOMP_RET_LOG 0x7ffc0000U
#define SECCOMP_RET_ALLOW 0x7fff0000U

/* AUDIT_ARCH_* (linux/audit.h) of the machines' native calls. */
#define ARCH_X86_64 0xc000003eU
#define ARCH_ARM64 0xc00000b7U

/* Offsets in struct seccomp_data; an argument's lower half comes first. */
#define SECCOMP_DATA_NR 0U
#define SECCOMP_DATA_ARCH 4U
#define SECCOMP_DATA_ARGS 16U

#endif
