/*
 * Linux without a C library, on x86-64 and arm64: the kernel's own headers, and the calls that they leave to libraries.
 * A call that fails returns a negative errno.
 */
#ifndef SANDBOX_UNIT_KERNEL_H
#define SANDBOX_UNIT_KERNEL_H

#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/auxvec.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/limits.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__LP64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the launcher knows x86-64 and arm64 only"
#endif

/* A call of up to five arguments. */
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
	return kernel_call(__NR_openat, (uintptr_t)AT_FDCWD, (uintptr_t)path, flags, 0, 0);
}

static inline long kernel_fstat(long fd, struct stat *status)
{
	return kernel_call(__NR_newfstatat, (uintptr_t)fd, (uintptr_t)"", (uintptr_t)status, AT_EMPTY_PATH, 0);
}

static inline long kernel_stat(const char *path, struct stat *status)
{
	return kernel_call(__NR_newfstatat, (uintptr_t)AT_FDCWD, (uintptr_t)path, (uintptr_t)status, 0, 0);
}

static inline long kernel_read(long fd, void *buffer, size_t size)
{
	return kernel_call(__NR_read, (uintptr_t)fd, (uintptr_t)buffer, size, 0, 0);
}

static inline long kernel_write(long fd, const void *buffer, size_t size)
{
	return kernel_call(__NR_write, (uintptr_t)fd, (uintptr_t)buffer, size, 0, 0);
}

static inline long kernel_close(uint32_t fd)
{
	return kernel_call(__NR_close, fd, 0, 0, 0, 0);
}

static inline long kernel_prctl(unsigned int option, uintptr_t a, uintptr_t b)
{
	return kernel_call(__NR_prctl, option, a, b, 0, 0);
}

static inline long kernel_seccomp(unsigned int operation, unsigned int flags, const struct sock_fprog *program)
{
	return kernel_call(__NR_seccomp, operation, flags, (uintptr_t)program, 0, 0);
}

static inline long kernel_getrandom(void *buffer, size_t size)
{
	return kernel_call(__NR_getrandom, (uintptr_t)buffer, size, 0, 0, 0);
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
	long result = __NR_execve;
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
	register long x8 __asm__("x8") = __NR_execve;
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
	kernel_call(__NR_exit_group, (uintptr_t)status, 0, 0, 0, 0);
	__builtin_trap();
}

#endif
