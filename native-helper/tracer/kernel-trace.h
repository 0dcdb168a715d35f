/* Processes and ptrace(2), by the kernel's own headers, and the registers of either machine. */
#ifndef SANDBOX_UNIT_KERNEL_TRACE_H
#define SANDBOX_UNIT_KERNEL_TRACE_H

#include "base/kernel.h"

#include <asm/ptrace.h>
#include <asm/signal.h>
#include <linux/elf.h>
#include <linux/ptrace.h>
#include <linux/uio.h>
#include <linux/wait.h>

/* Constants that only the kernel's internal headers have. */
#define AF_UNIX 1U
#define SOCK_SEQPACKET 5U
#define SOCK_CLOEXEC O_CLOEXEC
#define MSG_NOSIGNAL 0x4000U

/* The bit that PTRACE_O_TRACESYSGOOD adds to SIGTRAP. */
#define CALL_STOP 0x80

#ifdef __x86_64__

/* One of x32's few calls that have a number of their own: io_setup, without x32's bit. */
#define X32_IO_SETUP 543U

/* struct user_regs_struct, which the kernel's headers leave to C libraries. */
struct registers {
	struct pt_regs general;
	uint64_t fs_base, gs_base, ds, es, fs, gs;
};

#define BREAKPOINT 0xccU /* int3 */
#define BREAKPOINT_SIZE 1U
#define BREAKPOINT_ADVANCE 1U /* how far past its address the program stops */
#define CALL_INSTRUCTION 0x050fU /* syscall */

#else

struct registers {
	struct user_pt_regs general;
};

#define BREAKPOINT 0xd4200000U /* brk #0 */
#define BREAKPOINT_SIZE 4U
#define BREAKPOINT_ADVANCE 0U
#define CALL_INSTRUCTION 0xd4000001U /* svc #0 */

#endif

static inline int kernel_getpid(void)
{
	return (int)kernel_call(__NR_getpid, 0, 0, 0, 0, 0);
}

static inline int kernel_getppid(void)
{
	return (int)kernel_call(__NR_getppid, 0, 0, 0, 0, 0);
}

/* As fork(2), but for the signal at the child's end: there is none. */
static inline long kernel_fork(void)
{
	return kernel_call(__NR_clone, 0, 0, 0, 0, 0);
}

static inline long kernel_wait(int pid, int *status, unsigned int options)
{
	return kernel_call(__NR_wait4, (uintptr_t)pid, (uintptr_t)status, options, 0, 0);
}

static inline long kernel_socketpair(int ends[2])
{
	return kernel_call(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, (uintptr_t)ends, 0);
}

static inline long kernel_send(int fd, const void *bytes, size_t size, unsigned int flags)
{
	return kernel_call(__NR_sendto, (uintptr_t)fd, (uintptr_t)bytes, size, flags, 0);
}

static inline long kernel_close_range(unsigned int first, unsigned int last)
{
	return kernel_call(__NR_close_range, first, last, 0, 0, 0);
}

/* Sets the blocked signals, a bit each, and fills in those that were blocked before. */
static inline long kernel_sigmask(uint64_t blocked, uint64_t *before)
{
	return kernel_call(__NR_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&blocked, (uintptr_t)before, sizeof blocked, 0);
}

static inline long kernel_ptrace(unsigned int request, int pid, uintptr_t address, uintptr_t data)
{
	return kernel_call(__NR_ptrace, request, (uintptr_t)pid, address, data, 0);
}

static inline uintptr_t registers_stack(const struct registers *registers)
{
#ifdef __x86_64__
	return registers->general.rsp;
#else
	return registers->general.sp;
#endif
}

static inline uintptr_t registers_place(const struct registers *registers)
{
#ifdef __x86_64__
	return registers->general.rip;
#else
	return registers->general.pc;
#endif
}

static inline void registers_go_to(struct registers *registers, uintptr_t place)
{
#ifdef __x86_64__
	registers->general.rip = place;
#else
	registers->general.pc = place;
#endif
}

/* Sets the number and the arguments of a call, for the call instruction. */
static inline void registers_set_call(struct registers *registers, long nr, uintptr_t a, uintptr_t b, uintptr_t c)
{
#ifdef __x86_64__
	registers->general.rax = (uint64_t)nr;
	registers->general.rdi = a;
	registers->general.rsi = b;
	registers->general.rdx = c;
#else
	registers->general.regs[8] = (uint64_t)nr;
	registers->general.regs[0] = a;
	registers->general.regs[1] = b;
	registers->general.regs[2] = c;
	/* After an indirect branch these bits let only a landing pad follow (BTI), and the call instruction is none. */
	registers->general.pstate &= ~(uint64_t)PSR_BTYPE_MASK;
#endif
}

/* The number of a native call as its own table has it: x32's calls are these with a bit more. */
static inline uint32_t native_number(const struct ptrace_syscall_info *stop)
{
#ifdef __x86_64__
	return (uint32_t)stop->entry.nr & ~(uint32_t)__X32_SYSCALL_BIT;
#else
	return (uint32_t)stop->entry.nr;
#endif
}

/* Whether a native call is one of those that make threads and processes. */
static inline int starts_process(const struct ptrace_syscall_info *stop)
{
	uint32_t nr = native_number(stop);
#ifdef __x86_64__
	if (nr == __NR_fork || nr == __NR_vfork)
		return 1;
#endif
	return nr == __NR_clone || nr == __NR_clone3;
}

/* Whether a native call may be followed by reads and writes of the process's memory that no call of it makes. */
static inline int leaves_work(const struct ptrace_syscall_info *stop)
{
	uint32_t nr = native_number(stop);
#ifdef __x86_64__
	if (nr == X32_IO_SETUP)
		return 1;
#endif
	return nr == __NR_io_setup || nr == __NR_io_uring_setup || nr == __NR_io_uring_enter;
}

/* Whether a native call may load a seccomp filter. */
static inline int loads_filter(const struct ptrace_syscall_info *stop)
{
	uint32_t nr = native_number(stop);
	return nr == __NR_seccomp || (nr == __NR_prctl && (uint32_t)stop->entry.args[0] == PR_SET_SECCOMP);
}

#endif
