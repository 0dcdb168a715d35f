#include "load.h"

#include "base/fail.h"
#include "base/kernel.h"

/* Reads the setting back: another filter can answer prctl with success and do nothing. */
void set_no_new_privileges(void)
{
	long result = kernel_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
	if (result == 0 && kernel_prctl(PR_GET_NO_NEW_PRIVS, 0, 0) == 1)
		return;
	fail(EXIT_NO_NEW_PRIVILEGES, (struct failure){
					     .what = "can't set no_new_privs",
					     .error = (int)-result,
					     .hint = "another filter refuses prctl: SystemCallFilter= must permit it",
				     });
}

static long set_filter(int by_prctl, uint32_t flags, const struct sock_fprog *program)
{
	if (by_prctl)
		return kernel_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (uintptr_t)program);
	return kernel_seccomp(SECCOMP_SET_MODE_FILTER, flags, program);
}

const char *load_hint(long error)
{
	if (error == EACCES)
		return "it needs no_new_privs, by the filter's flag, or CAP_SYS_ADMIN";
	if (error == EINVAL)
		return "the kernel refuses the program or the flags, or has no seccomp filters";
	if (error == ENOMEM)
		return "all filters of a process hold 32768 instructions at most";
	if (error == EPERM || error == ENOSYS)
		return "another filter refuses seccomp: SystemCallFilter= must permit it";
	return NULL;
}

static _Noreturn void fail_load(long error, const char *hint)
{
	fail(EXIT_SECCOMP,
	     (struct failure){.what = "can't load the filter", .error = (int)error, .hint = hint});
}

/*
 * A call without a program goes first, to which the kernel must answer EFAULT. Success is the answer of another filter
 * that fakes it. ENOSYS says that seccomp(2) isn't there: then prctl(2) loads the filter, but knows no flags.
 */
void load_program(struct sock_filter *instructions, uint32_t length, uint32_t flags)
{
	struct sock_fprog program = {.len = (uint16_t)length, .filter = instructions};
	int by_prctl = 0;
	long result = set_filter(by_prctl, flags, NULL);
	if (result == -ENOSYS && flags == 0) {
		by_prctl = 1;
		result = set_filter(by_prctl, flags, NULL);
	}
	if (result == 0)
		fail_load(0, "another filter fakes the call's success");
	if (result != -EFAULT)
		fail_load(-result, load_hint(-result));
	result = set_filter(by_prctl, flags, &program);
	/* A positive result, with SECCOMP_FILTER_FLAG_TSYNC, is the ID of a thread that has other filters. */
	if (result > 0)
		fail_load(0, "a thread of the process has a filter of its own");
	if (result != 0)
		fail_load(-result, load_hint(-result));
}
