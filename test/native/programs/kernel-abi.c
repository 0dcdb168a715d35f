/* Compiles only if the launcher's kernel.h, kernel-trace.h and bpf.h agree with the system's headers. */
#include <asm/ptrace.h>
#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/auxvec.h>
#include <linux/bpf_common.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/limits.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/wait.h>
#include <stddef.h>

/* The system's values are kept under other names before kernel.h takes the macros. */
#define KEEP(name) KEPT_##name = name
enum {
	KEEP(BPF_MAXINSNS), KEEP(SECCOMP_RET_ALLOW), KEEP(SECCOMP_RET_KILL_PROCESS), KEEP(SECCOMP_RET_ERRNO),
	KEEP(SECCOMP_RET_LOG), KEEP(SECCOMP_MODE_FILTER), KEEP(SECCOMP_SET_MODE_FILTER),
	KEEP(SECCOMP_FILTER_FLAG_LOG), KEEP(PR_SET_SECCOMP), KEEP(PR_SET_NO_NEW_PRIVS), KEEP(PR_GET_NO_NEW_PRIVS),
	KEEP(AT_NULL), KEEP(AT_EUID), KEEP(AT_RANDOM), KEEP(AT_FDCWD), KEEP(AT_EMPTY_PATH), KEEP(O_RDONLY),
	KEEP(O_NOCTTY), KEEP(O_NONBLOCK), KEEP(O_CLOEXEC), KEEP(O_NOFOLLOW), KEEP(S_IFMT), KEEP(S_IFREG), KEEP(S_IWGRP),
	KEEP(S_IWOTH), KEEP(PATH_MAX), KEEP(EPERM), KEEP(ENOENT), KEEP(ENOEXEC), KEEP(ENOMEM), KEEP(EACCES), KEEP(EFAULT),
	KEEP(EINVAL), KEEP(ENAMETOOLONG), KEEP(ENOSYS), KEEP(ELOOP),
	KEEP(AT_ENTRY), KEEP(PR_GET_DUMPABLE), KEEP(PR_SET_DUMPABLE), KEEP(PR_SET_PTRACER),
	KEEP(SECCOMP_FILTER_FLAG_TSYNC), KEEP(SIGTRAP), KEEP(SIG_SETMASK),
	KEEP(WNOHANG), KEEP(ETIMEDOUT), KEEP(NT_PRSTATUS), KEEP(PTRACE_PEEKDATA), KEEP(PTRACE_POKEDATA), KEEP(PTRACE_GET_SYSCALL_INFO),
	KEEP(PTRACE_DETACH), KEEP(PTRACE_SYSCALL), KEEP(PTRACE_GETREGSET), KEEP(PTRACE_SETREGSET), KEEP(PTRACE_SEIZE),
	KEEP(PTRACE_LISTEN), KEEP(PTRACE_INTERRUPT), KEEP(PTRACE_GETSIGMASK), KEEP(PTRACE_SETSIGMASK), KEEP(PTRACE_SECCOMP_GET_FILTER), KEEP(PTRACE_O_TRACESYSGOOD),
	KEEP(PTRACE_O_TRACEFORK), KEEP(PTRACE_O_TRACEVFORK), KEEP(PTRACE_O_TRACECLONE), KEEP(PTRACE_O_TRACEEXEC),
	KEEP(PTRACE_O_EXITKILL),
	KEEP(PTRACE_EVENT_EXEC), KEEP(PTRACE_EVENT_STOP), KEEP(ESRCH), KEEP(EIO), KEEP(E2BIG), KEEP(ECHILD), KEEP(EAGAIN),
	KEEP(EPIPE), KEEP(ENODEV), KEEP(CLOCK_MONOTONIC), KEEP(O_DIRECTORY),
	KEPT_WALL = __WALL,
	KEPT_CALL_ENTRY = PTRACE_SYSCALL_INFO_ENTRY,
	KEPT_CALL_EXIT = PTRACE_SYSCALL_INFO_EXIT,
	KEPT_S_IXANY = S_IXUSR | S_IXGRP | S_IXOTH,
	KEPT_LOAD = BPF_LD | BPF_W | BPF_ABS,
	KEPT_JUMP = BPF_JMP | BPF_JEQ | BPF_K,
	KEPT_JUMP_IF_GREATER_OR_EQUAL = BPF_JMP | BPF_JGE | BPF_K,
	KEPT_JUMP_ALWAYS = BPF_JMP | BPF_JA,
	KEPT_AND = BPF_ALU | BPF_AND | BPF_K,
	KEPT_RETURN = BPF_RET | BPF_K,
	KEPT_ARCH_X86_64 = AUDIT_ARCH_X86_64,
	KEPT_ARCH_ARM64 = AUDIT_ARCH_AARCH64,
#ifdef __x86_64__
	KEPT_NATIVE_ARCH = AUDIT_ARCH_X86_64,
#else
	KEPT_NATIVE_ARCH = AUDIT_ARCH_AARCH64,
#endif
};
#undef BPF_MAXINSNS
#undef BPF_AND
#undef BPF_JUMP
#undef SECCOMP_RET_ALLOW
#undef SECCOMP_RET_KILL_PROCESS
#undef SECCOMP_RET_ERRNO
#undef SECCOMP_RET_LOG
#undef SECCOMP_MODE_FILTER
#undef SECCOMP_SET_MODE_FILTER
#undef SECCOMP_FILTER_FLAG_LOG
#undef PR_SET_SECCOMP
#undef PR_SET_NO_NEW_PRIVS
#undef PR_GET_NO_NEW_PRIVS
#undef AT_NULL
#undef AT_EUID
#undef AT_RANDOM
#undef AT_FDCWD
#undef AT_EMPTY_PATH
#undef O_RDONLY
#undef O_NOCTTY
#undef O_NONBLOCK
#undef O_CLOEXEC
#undef O_NOFOLLOW
#undef S_IFMT
#undef S_IFREG
#undef S_IWGRP
#undef S_IWOTH
#undef PATH_MAX
#undef EPERM
#undef ENOENT
#undef ENOEXEC
#undef ENOMEM
#undef EACCES
#undef EFAULT
#undef EINVAL
#undef ENAMETOOLONG
#undef ENOSYS
#undef ELOOP
#undef AT_ENTRY
#undef PR_GET_DUMPABLE
#undef PR_SET_DUMPABLE
#undef PR_SET_PTRACER
#undef SECCOMP_FILTER_FLAG_TSYNC
#undef SIGTRAP
#undef SIG_SETMASK
#undef WNOHANG
#undef ETIMEDOUT
#undef NT_PRSTATUS
#undef PTRACE_PEEKDATA
#undef PTRACE_POKEDATA
#undef PTRACE_GET_SYSCALL_INFO
#undef PTRACE_DETACH
#undef PTRACE_SYSCALL
#undef PTRACE_GETREGSET
#undef PTRACE_SETREGSET
#undef PTRACE_SEIZE
#undef PTRACE_LISTEN
#undef PTRACE_INTERRUPT
#undef PTRACE_GETSIGMASK
#undef PTRACE_SETSIGMASK
#undef PTRACE_SECCOMP_GET_FILTER
#undef PTRACE_O_TRACESYSGOOD
#undef PTRACE_O_TRACEFORK
#undef PTRACE_O_TRACEVFORK
#undef PTRACE_O_TRACECLONE
#undef PTRACE_O_TRACEEXEC
#undef PTRACE_O_EXITKILL
#undef PTRACE_EVENT_EXEC
#undef PTRACE_EVENT_STOP
#undef ESRCH
#undef EIO
#undef E2BIG
#undef ECHILD
#undef EAGAIN
#undef EPIPE
#undef ENODEV
#undef CLOCK_MONOTONIC
#undef O_DIRECTORY
#define sock_filter launcher_sock_filter
#define sock_fprog launcher_sock_fprog

#include "../../../native-helper/kernel-trace.h"

#undef sock_filter
#undef sock_fprog

#define SAME(name) _Static_assert((long)(name) == (long)KEPT_##name, #name)
SAME(BPF_MAXINSNS);
SAME(SECCOMP_RET_ALLOW);
SAME(SECCOMP_RET_KILL_PROCESS);
SAME(SECCOMP_RET_ERRNO);
SAME(SECCOMP_RET_LOG);
SAME(ARCH_X86_64);
SAME(ARCH_ARM64);
SAME(SECCOMP_MODE_FILTER);
SAME(SECCOMP_SET_MODE_FILTER);
SAME(SECCOMP_FILTER_FLAG_LOG);
SAME(PR_SET_SECCOMP);
SAME(PR_SET_NO_NEW_PRIVS);
SAME(PR_GET_NO_NEW_PRIVS);
SAME(AT_NULL);
SAME(AT_EUID);
SAME(AT_RANDOM);
SAME(AT_FDCWD);
SAME(AT_EMPTY_PATH);
SAME(O_RDONLY);
SAME(O_NOCTTY);
SAME(O_NONBLOCK);
SAME(O_CLOEXEC);
SAME(O_NOFOLLOW);
SAME(S_IFMT);
SAME(S_IFREG);
SAME(S_IWGRP);
SAME(S_IWOTH);
SAME(S_IXANY);
SAME(PATH_MAX);
SAME(EPERM);
SAME(ENOENT);
SAME(ENOEXEC);
SAME(ENOMEM);
SAME(EACCES);
SAME(EFAULT);
SAME(EINVAL);
SAME(ENAMETOOLONG);
SAME(ENOSYS);
SAME(ELOOP);
SAME(AT_ENTRY);
SAME(PR_GET_DUMPABLE);
SAME(PR_SET_DUMPABLE);
SAME(PR_SET_PTRACER);
SAME(SECCOMP_FILTER_FLAG_TSYNC);
SAME(SIGTRAP);
SAME(SIG_SETMASK);
SAME(WNOHANG);
SAME(ETIMEDOUT);
SAME(NT_PRSTATUS);
SAME(PTRACE_PEEKDATA);
SAME(PTRACE_POKEDATA);
SAME(PTRACE_GET_SYSCALL_INFO);
SAME(PTRACE_DETACH);
SAME(PTRACE_SYSCALL);
SAME(PTRACE_GETREGSET);
SAME(PTRACE_SETREGSET);
SAME(PTRACE_SEIZE);
SAME(PTRACE_LISTEN);
SAME(PTRACE_INTERRUPT);
SAME(PTRACE_GETSIGMASK);
SAME(PTRACE_SETSIGMASK);
SAME(PTRACE_SECCOMP_GET_FILTER);
SAME(PTRACE_O_TRACESYSGOOD);
SAME(PTRACE_O_TRACEFORK);
SAME(PTRACE_O_TRACEVFORK);
SAME(PTRACE_O_TRACECLONE);
SAME(PTRACE_O_TRACEEXEC);
SAME(PTRACE_O_EXITKILL);
SAME(PTRACE_EVENT_EXEC);
SAME(PTRACE_EVENT_STOP);
SAME(ESRCH);
SAME(EIO);
SAME(E2BIG);
SAME(ECHILD);
SAME(EAGAIN);
SAME(EPIPE);
SAME(ENODEV);
SAME(CLOCK_MONOTONIC);
SAME(O_DIRECTORY);
SAME(WALL);
SAME(CALL_ENTRY);
SAME(CALL_EXIT);
SAME(NATIVE_ARCH);

_Static_assert((unsigned)BPF_LOAD_WORD == KEPT_LOAD, "BPF_LOAD_WORD");
_Static_assert((unsigned)BPF_JUMP_IF_EQUAL == KEPT_JUMP, "BPF_JUMP_IF_EQUAL");
_Static_assert((unsigned)BPF_JUMP_IF_GREATER_OR_EQUAL == KEPT_JUMP_IF_GREATER_OR_EQUAL, "BPF_JUMP_IF_GREATER_OR_EQUAL");
_Static_assert((unsigned)BPF_JUMP == KEPT_JUMP_ALWAYS, "BPF_JUMP");
_Static_assert((unsigned)BPF_AND == KEPT_AND, "BPF_AND");
_Static_assert((unsigned)BPF_RETURN == KEPT_RETURN, "BPF_RETURN");

#define SAME_CALL(name) _Static_assert(NR_##name == __NR_##name, #name)
SAME_CALL(read);
SAME_CALL(write);
SAME_CALL(execve);
SAME_CALL(close);
SAME_CALL(prctl);
SAME_CALL(exit_group);
SAME_CALL(openat);
SAME_CALL(newfstatat);
SAME_CALL(seccomp);
SAME_CALL(getrandom);
SAME_CALL(clone);
SAME_CALL(clone3);
SAME_CALL(io_setup);
SAME_CALL(io_uring_setup);
SAME_CALL(io_uring_enter);
SAME_CALL(close_range);
#ifdef __x86_64__
SAME_CALL(fork);
SAME_CALL(vfork);
_Static_assert(X32_BIT == __X32_SYSCALL_BIT, "X32_BIT");
#endif
SAME_CALL(getpid);
SAME_CALL(getppid);
SAME_CALL(ptrace);
SAME_CALL(rt_sigprocmask);
SAME_CALL(sendto);
SAME_CALL(socketpair);
SAME_CALL(wait4);
SAME_CALL(nanosleep);
SAME_CALL(getdents64);
SAME_CALL(clock_gettime);

#define SAME_FIELD(ours, field, theirs, their_field)                                                                   \
	_Static_assert(offsetof(ours, field) == offsetof(theirs, their_field) &&                                       \
			       sizeof(((ours *)0)->field) == sizeof(((theirs *)0)->their_field),                       \
		       #field)
SAME_FIELD(struct kernel_stat, mode, struct stat, st_mode);
SAME_FIELD(struct kernel_stat, uid, struct stat, st_uid);
SAME_FIELD(struct launcher_sock_filter, code, struct sock_filter, code);
SAME_FIELD(struct launcher_sock_filter, jt, struct sock_filter, jt);
SAME_FIELD(struct launcher_sock_filter, jf, struct sock_filter, jf);
SAME_FIELD(struct launcher_sock_filter, k, struct sock_filter, k);
SAME_FIELD(struct launcher_sock_fprog, len, struct sock_fprog, len);
SAME_FIELD(struct launcher_sock_fprog, filter, struct sock_fprog, filter);
_Static_assert(sizeof(struct kernel_stat) == sizeof(struct stat), "struct stat");
_Static_assert(SECCOMP_DATA_NR == offsetof(struct seccomp_data, nr), "nr");
_Static_assert(SECCOMP_DATA_ARCH == offsetof(struct seccomp_data, arch), "arch");
_Static_assert(SECCOMP_DATA_ARGS == offsetof(struct seccomp_data, args), "args");

SAME_FIELD(struct call_stop, kind, struct ptrace_syscall_info, op);
SAME_FIELD(struct call_stop, arch, struct ptrace_syscall_info, arch);
SAME_FIELD(struct call_stop, place, struct ptrace_syscall_info, instruction_pointer);
SAME_FIELD(struct call_stop, nr, struct ptrace_syscall_info, entry.nr);
SAME_FIELD(struct call_stop, args, struct ptrace_syscall_info, entry.args);
SAME_FIELD(struct call_stop, result, struct ptrace_syscall_info, exit.rval);

#ifdef __x86_64__
/* The kernel's struct user_regs_struct: struct pt_regs and six registers more. */
SAME_FIELD(struct registers, r15, struct pt_regs, r15);
SAME_FIELD(struct registers, rax, struct pt_regs, rax);
SAME_FIELD(struct registers, rdi, struct pt_regs, rdi);
SAME_FIELD(struct registers, rsi, struct pt_regs, rsi);
SAME_FIELD(struct registers, rdx, struct pt_regs, rdx);
SAME_FIELD(struct registers, rip, struct pt_regs, rip);
SAME_FIELD(struct registers, rsp, struct pt_regs, rsp);
_Static_assert(sizeof(struct registers) == sizeof(struct pt_regs) + 6 * sizeof(uint64_t), "struct user_regs_struct");
#else
SAME_FIELD(struct registers, x, struct user_pt_regs, regs);
SAME_FIELD(struct registers, sp, struct user_pt_regs, sp);
SAME_FIELD(struct registers, pc, struct user_pt_regs, pc);
SAME_FIELD(struct registers, pstate, struct user_pt_regs, pstate);
_Static_assert(sizeof(struct registers) == sizeof(struct user_pt_regs), "struct user_pt_regs");
#endif
