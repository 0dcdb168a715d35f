/*
 * The part of Linux that the launcher uses: call numbers, constants, structures and raw calls, for x86-64 and arm64.
 *
 * They are spelt out here so that the launcher builds with a compiler alone, for either machine, without any header of
 * a libc or a kernel. test/native/programs/kernel-abi.c holds every one of them against the system's own headers.
 */
#ifndef SANDBOX_UNIT_KERNEL_H
#define SANDBOX_UNIT_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "bpf.h"

#if defined(__x86_64__) && defined(__LP64__)

#define NATIVE_ARCH ARCH_X86_64

#define NR_read 0
#define NR_write 1
#define NR_close 3
#define NR_execve 59
#define NR_prctl 157
#define NR_exit_group 231
#define NR_openat 257
#define NR_newfstatat 262
#define NR_seccomp 317
#define NR_getrandom 318

struct kernel_stat {
	uint64_t device, inode, links;
	uint32_t mode, uid;
	uint8_t rest[112];
};
_Static_assert(sizeof(struct kernel_stat) == 144, "struct stat of x86-64");

#elif defined(__aarch64__) && defined(__LP64__)

#define NATIVE_ARCH ARCH_ARM64

#define NR_openat 56
#define NR_close 57
#define NR_read 63
#define NR_write 64
#define NR_newfstatat 79
#define NR_exit_group 94
#define NR_prctl 167
#define NR_execve 221
#define NR_seccomp 277
#define NR_getrandom 278

struct kernel_stat {
	uint64_t device, inode;
	uint32_t mode, links, uid;
	uint8_t rest[100];
};
_Static_assert(sizeof(struct kernel_stat) == 128, "struct stat of arm64");

#else
#error "the launcher knows x86-64 and arm64 only"
#endif

/* linux/seccomp.h */
#define SECCOMP_MODE_FILTER 2U
#define SECCOMP_SET_MODE_FILTER 1U
#define SECCOMP_FILTER_FLAG_TSYNC 1U
#define SECCOMP_FILTER_FLAG_LOG 2U

/* linux/prctl.h */
#define PR_SET_SECCOMP 22U
#define PR_SET_NO_NEW_PRIVS 38U
#define PR_GET_NO_NEW_PRIVS 39U

/* linux/auxvec.h */
#define AT_NULL 0U
#define AT_ENTRY 9U
#define AT_EUID 12U
#define AT_RANDOM 25U

/* linux/fcntl.h and asm/fcntl.h; O_NOFOLLOW has another value on arm64 */
#define AT_FDCWD (-100)
#define AT_EMPTY_PATH 0x1000U
#define O_RDONLY 0U
#define O_NOCTTY 0x100U
#define O_NONBLOCK 0x800U
#define O_CLOEXEC 0x80000U
#ifdef __aarch64__
#define O_NOFOLLOW 0x8000U
#else
#define O_NOFOLLOW 0x20000U
#endif

/* linux/stat.h */
#define S_IFMT 0170000U
#define S_IFREG 0100000U
#define S_IWGRP 0020U
#define S_IWOTH 0002U
#define S_IXANY 0111U /* the three execute bits */

/* linux/limits.h */
#define PATH_MAX 4096

/* asm-generic/errno-base.h and errno.h: those that the launcher tells apart */
#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EIO 5
#define E2BIG 7
#define ENOEXEC 8
#define ECHILD 10
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EINVAL 22
#define EPIPE 32
#define ENAMETOOLONG 36
#define ENOSYS 38
#define ELOOP 40

/* A call of up to five arguments. Returns what the kernel returns: a negative errno on failure. */
static inline long kernel_call(long nr, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e)
{
#ifdef __x86_64__
	long result = nr;
	register uintptr_t r10 __asm__("r10") = d;
	register uintptr_t r8 __asm__("r8") = e;
	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
#else
	register long x8 __asm__("x8") = nr;
	register uintptr_t x0 __asm__("x0") = a;
	register uintptr_t x1 __asm__("x1") = b;
	register uintptr_t x2 __asm__("x2") = c;
	register uintptr_t x3 __asm__("x3") = d;
	register uintptr_t x4 __asm__("x4") = e;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return (long)x0;
#endif
}

static inline long kernel_openat(const char *path, unsigned int flags)
{
	return kernel_call(NR_openat, (uintptr_t)AT_FDCWD, (uintptr_t)path, flags, 0, 0);
}

static inline long kernel_fstat(long fd, struct kernel_stat *status)
{
	return kernel_call(NR_newfstatat, (uintptr_t)fd, (uintptr_t)"", (uintptr_t)status, AT_EMPTY_PATH, 0);
}

static inline long kernel_stat(const char *path, struct kernel_stat *status)
{
	return kernel_call(NR_newfstatat, (uintptr_t)AT_FDCWD, (uintptr_t)path, (uintptr_t)status, 0, 0);
}

static inline long kernel_read(long fd, void *buffer, size_t size)
{
	return kernel_call(NR_read, (uintptr_t)fd, (uintptr_t)buffer, size, 0, 0);
}

static inline long kernel_write(long fd, const void *buffer, size_t size)
{
	return kernel_call(NR_write, (uintptr_t)fd, (uintptr_t)buffer, size, 0, 0);
}

static inline long kernel_close(uint32_t fd)
{
	return kernel_call(NR_close, fd, 0, 0, 0, 0);
}

static inline long kernel_prctl(unsigned int option, uintptr_t a, uintptr_t b)
{
	return kernel_call(NR_prctl, option, a, b, 0, 0);
}

static inline long kernel_seccomp(unsigned int operation, unsigned int flags, const struct sock_fprog *program)
{
	return kernel_call(NR_seccomp, operation, flags, (uintptr_t)program, 0, 0);
}

static inline long kernel_getrandom(void *buffer, size_t size)
{
	return kernel_call(NR_getrandom, (uintptr_t)buffer, size, 0, 0, 0);
}

/*
 * execve(2) with the key in the argument registers 3, 4 and 5, which the call itself doesn't use. The key goes from
 * memory to the registers and out of memory in one piece of assembly, so that no compiler can leave a copy behind. The
 * kernel clears all registers for the new program; after a failure they are cleared here. Returns a negative errno.
 */
static inline long kernel_execve_with_key(const char *path, const char *const *argv, const char *const *envp,
					  uint64_t key[3])
{
#ifdef __x86_64__
	long result = NR_execve;
	__asm__ volatile("movq (%[key]), %%r10\n\t"
			 "movq 8(%[key]), %%r8\n\t"
			 "movq 16(%[key]), %%r9\n\t"
			 "movq $0, (%[key])\n\t"
			 "movq $0, 8(%[key])\n\t"
			 "movq $0, 16(%[key])\n\t"
			 "syscall\n\t"
			 "xorl %%r10d, %%r10d\n\t"
			 "xorl %%r8d, %%r8d\n\t"
			 "xorl %%r9d, %%r9d"
			 : "+a"(result)
			 : "D"(path), "S"(argv), "d"(envp), [key] "r"(key)
			 : "rcx", "r8", "r9", "r10", "r11", "cc", "memory");
	return result;
#else
	register long x8 __asm__("x8") = NR_execve;
	register uintptr_t x0 __asm__("x0") = (uintptr_t)path;
	register const char *const *x1 __asm__("x1") = argv;
	register const char *const *x2 __asm__("x2") = envp;
	__asm__ volatile("ldp x3, x4, [%[key]]\n\t"
			 "ldr x5, [%[key], #16]\n\t"
			 "stp xzr, xzr, [%[key]]\n\t"
			 "str xzr, [%[key], #16]\n\t"
			 "svc #0\n\t"
			 "mov x3, xzr\n\t"
			 "mov x4, xzr\n\t"
			 "mov x5, xzr"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), [key] "r"(key)
			 : "x3", "x4", "x5", "memory");
	return (long)x0;
#endif
}

/* Ends the process, by a trap where a filter refuses even exit_group: never goes on, never spins. */
static inline _Noreturn void kernel_exit(int status)
{
	kernel_call(NR_exit_group, (uintptr_t)status, 0, 0, 0, 0);
	__builtin_trap();
}

#endif
