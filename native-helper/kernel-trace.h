/*
 * The part of Linux that stage 'entry' and read-filters use beyond kernel.h: processes, ptrace, the registers of either
 * machine, folders and time.
 * Checked by test/native/programs/kernel-abi.c, too.
 */
#ifndef SANDBOX_UNIT_KERNEL_TRACE_H
#define SANDBOX_UNIT_KERNEL_TRACE_H

#include "kernel.h"

#ifdef __x86_64__

#define NR_rt_sigprocmask 14
#define NR_nanosleep 35
#define NR_getpid 39
#define NR_sendto 44
#define NR_socketpair 53
#define NR_clone 56
#define NR_fork 57
#define NR_vfork 58
#define NR_wait4 61
#define NR_ptrace 101
#define NR_getppid 110
#define NR_io_setup 206
#define NR_getdents64 217
#define NR_clock_gettime 228
#define NR_io_uring_setup 425
#define NR_io_uring_enter 426
#define NR_clone3 435
#define NR_close_range 436

/* What the numbers of x32's calls have more. */
#define X32_BIT 0x40000000U
/* One of x32's few calls that have a number of their own. */
#define X32_IO_SETUP 543U

/* struct user_regs_struct */
struct registers {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax;
	uint64_t rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};

#define BREAKPOINT 0xccU /* int3 */
#define BREAKPOINT_SIZE 1U
#define BREAKPOINT_ADVANCE 1U /* how far past its address the program stops */
#define CALL_INSTRUCTION 0x050fU /* syscall */

#else

#define NR_io_setup 0
#define NR_getdents64 61
#define NR_nanosleep 101
#define NR_clock_gettime 113
#define NR_ptrace 117
#define NR_rt_sigprocmask 135
#define NR_getpid 172
#define NR_getppid 173
#define NR_socketpair 199
#define NR_sendto 206
#define NR_clone 220
#define NR_wait4 260
#define NR_io_uring_setup 425
#define NR_io_uring_enter 426
#define NR_clone3 435
#define NR_close_range 436

/* struct user_pt_regs */
struct registers {
	uint64_t x[31], sp, pc, pstate;
};

#define BREAKPOINT 0xd4200000U /* brk #0 */
#define BREAKPOINT_SIZE 4U
#define BREAKPOINT_ADVANCE 0U
#define CALL_INSTRUCTION 0xd4000001U /* svc #0 */

/* Set behind an indirect branch: the next instruction must then be one that such a branch may lead to. */
#define PSTATE_BRANCH_TYPE 0xc00U

#endif

/* linux/prctl.h */
#define PR_GET_DUMPABLE 3U
#define PR_SET_DUMPABLE 4U
#define PR_SET_PTRACER 0x59616d61U

/* linux/socket.h and net.h */
#define AF_UNIX 1U
#define SOCK_SEQPACKET 5U
#define SOCK_CLOEXEC O_CLOEXEC
#define MSG_NOSIGNAL 0x4000U

/* asm/signal.h */
#define SIGTRAP 5
#define SIG_SETMASK 2U

/* linux/wait.h */
#define WNOHANG 1U
#define WALL 0x40000000U /* __WALL: children whatever their exit signal */

/* linux/elf.h */
#define NT_PRSTATUS 1U

/* linux/ptrace.h */
#define PTRACE_PEEKDATA 2U
#define PTRACE_POKEDATA 5U
#define PTRACE_DETACH 17U
#define PTRACE_SYSCALL 24U
#define PTRACE_GETREGSET 0x4204U
#define PTRACE_SETREGSET 0x4205U
#define PTRACE_SEIZE 0x4206U
#define PTRACE_INTERRUPT 0x4207U
#define PTRACE_LISTEN 0x4208U
#define PTRACE_GETSIGMASK 0x420aU
#define PTRACE_SETSIGMASK 0x420bU
#define PTRACE_SECCOMP_GET_FILTER 0x420cU
#define PTRACE_GET_SYSCALL_INFO 0x420eU
#define CALL_ENTRY 1U /* PTRACE_SYSCALL_INFO_ENTRY, _EXIT */
#define CALL_EXIT 2U
#define CALL_STOP 0x80 /* what PTRACE_O_TRACESYSGOOD adds to SIGTRAP */
#define PTRACE_O_TRACESYSGOOD 1U
#define PTRACE_O_TRACEFORK 2U
#define PTRACE_O_TRACEVFORK 4U
#define PTRACE_O_TRACECLONE 8U
#define PTRACE_O_TRACEEXEC 0x10U
#define PTRACE_O_EXITKILL 0x100000U
#define PTRACE_EVENT_EXEC 4
#define PTRACE_EVENT_STOP 128

/* asm-generic/errno-base.h and errno.h */
#define ENODEV 19
#define ETIMEDOUT 110

/* linux/time.h */
#define CLOCK_MONOTONIC 1U

/* asm/fcntl.h */
#ifdef __aarch64__
#define O_DIRECTORY 0x4000U
#else
#define O_DIRECTORY 0x10000U
#endif

/* linux/fs.h of the kernel itself, dirent.h of C libraries */
#define DT_DIR 4

/* struct linux_dirent64, in memory of `length` bytes */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

/* struct timespec */
struct duration {
	int64_t seconds, nanoseconds;
};

/* struct iovec */
struct memory {
	void *base;
	size_t size;
};

/* struct ptrace_syscall_info, but for its end */
struct call_stop {
	uint8_t kind; /* CALL_ENTRY or CALL_EXIT */
	uint8_t rest[3];
	uint32_t arch;
	uint64_t place, stack;
	union {
		uint64_t nr;
		int64_t result;
	};
	uint64_t args[6];
};

static inline int kernel_getpid(void)
{
	return (int)kernel_call(NR_getpid, 0, 0, 0, 0, 0);
}

static inline int kernel_getppid(void)
{
	return (int)kernel_call(NR_getppid, 0, 0, 0, 0, 0);
}

/* As fork(2), but for the signal at the child's end: there is none. */
static inline long kernel_fork(void)
{
	return kernel_call(NR_clone, 0, 0, 0, 0, 0);
}

static inline long kernel_wait(int pid, int *status, unsigned int options)
{
	return kernel_call(NR_wait4, (uintptr_t)pid, (uintptr_t)status, options, 0, 0);
}

static inline long kernel_sleep(int64_t nanoseconds)
{
	struct duration duration = {.nanoseconds = nanoseconds};
	return kernel_call(NR_nanosleep, (uintptr_t)&duration, 0, 0, 0, 0);
}

/* Since the machine was started, in nanoseconds. */
static inline int64_t kernel_time(void)
{
	struct duration time = {0};
	(void)kernel_call(NR_clock_gettime, CLOCK_MONOTONIC, (uintptr_t)&time, 0, 0, 0);
	return 1000000000 * time.seconds + time.nanoseconds;
}

static inline long kernel_openat_in(long folder, const char *name, unsigned int flags)
{
	return kernel_call(NR_openat, (uintptr_t)folder, (uintptr_t)name, flags, 0, 0);
}

/* Fills memory with entries of a folder. Returns how many bytes they take, or a negative errno. */
static inline long kernel_getdents(long folder, void *entries, size_t size)
{
	return kernel_call(NR_getdents64, (uintptr_t)folder, (uintptr_t)entries, size, 0, 0);
}

static inline long kernel_socketpair(int ends[2])
{
	return kernel_call(NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, (uintptr_t)ends, 0);
}

static inline long kernel_send(int fd, const void *bytes, size_t size, unsigned int flags)
{
	return kernel_call(NR_sendto, (uintptr_t)fd, (uintptr_t)bytes, size, flags, 0);
}

static inline long kernel_close_range(unsigned int first, unsigned int last)
{
	return kernel_call(NR_close_range, first, last, 0, 0, 0);
}

/* Sets the blocked signals, a bit each, and fills in what they were. */
static inline long kernel_sigmask(uint64_t blocked, uint64_t *before)
{
	return kernel_call(NR_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&blocked, (uintptr_t)before, sizeof blocked, 0);
}

static inline long kernel_ptrace(unsigned int request, int pid, uintptr_t address, uintptr_t data)
{
	return kernel_call(NR_ptrace, request, (uintptr_t)pid, address, data, 0);
}

static inline uintptr_t registers_stack(const struct registers *registers)
{
#ifdef __x86_64__
	return registers->rsp;
#else
	return registers->sp;
#endif
}

static inline uintptr_t registers_place(const struct registers *registers)
{
#ifdef __x86_64__
	return registers->rip;
#else
	return registers->pc;
#endif
}

static inline void registers_go_to(struct registers *registers, uintptr_t place)
{
#ifdef __x86_64__
	registers->rip = place;
#else
	registers->pc = place;
#endif
}

/* Prepares for the call instruction. */
static inline void registers_set_call(struct registers *registers, long nr, uintptr_t a, uintptr_t b, uintptr_t c)
{
#ifdef __x86_64__
	registers->rax = (uint64_t)nr;
	registers->rdi = a;
	registers->rsi = b;
	registers->rdx = c;
#else
	registers->x[8] = (uint64_t)nr;
	registers->x[0] = a;
	registers->x[1] = b;
	registers->x[2] = c;
	registers->pstate &= ~(uint64_t)PSTATE_BRANCH_TYPE;
#endif
}

/* The number of a native call as its own table has it: x32's calls are these with a bit more. */
static inline uint32_t native_number(const struct call_stop *stop)
{
#ifdef __x86_64__
	return (uint32_t)stop->nr & ~X32_BIT;
#else
	return (uint32_t)stop->nr;
#endif
}

/* Whether a native call is one of those that make threads and processes. */
static inline int starts_process(const struct call_stop *stop)
{
	uint32_t nr = native_number(stop);
#ifdef __x86_64__
	if (nr == NR_fork || nr == NR_vfork)
		return 1;
#endif
	return nr == NR_clone || nr == NR_clone3;
}

/* Whether a native call may be followed by reads and writes of the process's memory that no call of it makes. */
static inline int leaves_work(const struct call_stop *stop)
{
	uint32_t nr = native_number(stop);
#ifdef __x86_64__
	if (nr == X32_IO_SETUP)
		return 1;
#endif
	return nr == NR_io_setup || nr == NR_io_uring_setup || nr == NR_io_uring_enter;
}

/* Whether a native call may load a seccomp filter. */
static inline int loads_filter(const struct call_stop *stop)
{
	uint32_t nr = native_number(stop);
	return nr == NR_seccomp || (nr == NR_prctl && (uint32_t)stop->args[0] == PR_SET_SECCOMP);
}

#endif
