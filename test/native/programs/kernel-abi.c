/* Compiles only if the launcher's kernel.h and bpf.h agree with the system's headers. */
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/auxvec.h>
#include <linux/bpf_common.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/limits.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <stddef.h>

/* The system's values are kept under other names before kernel.h takes the macros. */
#define KEEP(name) KEPT_##name = name
enum {
	KEEP(BPF_MAXINSNS), KEEP(SECCOMP_RET_ALLOW), KEEP(SECCOMP_MODE_FILTER), KEEP(SECCOMP_SET_MODE_FILTER),
	KEEP(SECCOMP_FILTER_FLAG_LOG), KEEP(PR_SET_SECCOMP), KEEP(PR_SET_NO_NEW_PRIVS), KEEP(PR_GET_NO_NEW_PRIVS),
	KEEP(AT_NULL), KEEP(AT_EUID), KEEP(AT_RANDOM), KEEP(AT_FDCWD), KEEP(AT_EMPTY_PATH), KEEP(O_RDONLY),
	KEEP(O_NOCTTY), KEEP(O_NONBLOCK), KEEP(O_CLOEXEC), KEEP(O_NOFOLLOW), KEEP(S_IFMT), KEEP(S_IFREG), KEEP(S_IWGRP),
	KEEP(S_IWOTH), KEEP(PATH_MAX), KEEP(EPERM), KEEP(ENOENT), KEEP(ENOEXEC), KEEP(ENOMEM), KEEP(EACCES), KEEP(EFAULT),
	KEEP(EINVAL), KEEP(ENAMETOOLONG), KEEP(ENOSYS), KEEP(ELOOP),
	KEPT_S_IXANY = S_IXUSR | S_IXGRP | S_IXOTH,
	KEPT_LOAD = BPF_LD | BPF_W | BPF_ABS,
	KEPT_JUMP = BPF_JMP | BPF_JEQ | BPF_K,
	KEPT_AND = BPF_ALU | BPF_AND | BPF_K,
	KEPT_RETURN = BPF_RET | BPF_K,
#ifdef __x86_64__
	KEPT_NATIVE_ARCH = AUDIT_ARCH_X86_64,
#else
	KEPT_NATIVE_ARCH = AUDIT_ARCH_AARCH64,
#endif
};
#undef BPF_MAXINSNS
#undef BPF_AND
#undef SECCOMP_RET_ALLOW
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
#define sock_filter launcher_sock_filter
#define sock_fprog launcher_sock_fprog

#include "../../../native-helper/kernel.h"

#undef sock_filter
#undef sock_fprog

#define SAME(name) _Static_assert((long)(name) == (long)KEPT_##name, #name)
SAME(BPF_MAXINSNS);
SAME(SECCOMP_RET_ALLOW);
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
SAME(NATIVE_ARCH);

_Static_assert((unsigned)BPF_LOAD_WORD == KEPT_LOAD, "BPF_LOAD_WORD");
_Static_assert((unsigned)BPF_JUMP_IF_EQUAL == KEPT_JUMP, "BPF_JUMP_IF_EQUAL");
_Static_assert((unsigned)BPF_AND == KEPT_AND, "BPF_AND");
_Static_assert((unsigned)BPF_RETURN == KEPT_RETURN, "BPF_RETURN");

#define SAME_CALL(name) _Static_assert(NR_##name == __NR_##name, #name)
SAME_CALL(read);
SAME_CALL(write);
SAME_CALL(execve);
SAME_CALL(prctl);
SAME_CALL(exit_group);
SAME_CALL(openat);
SAME_CALL(newfstatat);
SAME_CALL(seccomp);
SAME_CALL(getrandom);

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
