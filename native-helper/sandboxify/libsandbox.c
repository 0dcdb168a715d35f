/*
 * libsandbox.so: loads the filter that the environment asks for into the process that loads the library, before the
 * program runs. It comes by LD_PRELOAD, or because the program needs it (patchelf --add-needed).
 *
 * It uses no C library, so that it works with any. A failure ends the process.
 */
#include "base/fail.h"
#include "base/kernel.h"
#include "seccomp/load.h"
#include "list-filter.h"
#include "sandbox.h"

const char program_name[] = "libsandbox";

/* The C library's environment, if that has it. */
extern const char **environ __attribute__((weak, visibility("default")));

_Noreturn void __stack_chk_fail(void);

/* The canary is the C library's, in the thread's own memory. */
_Noreturn void __stack_chk_fail(void)
{
	__builtin_trap();
}

/*
 * glibc calls constructors with the arguments of main, and this one before its `environ` is set; musl sets it first, but
 * calls them with nothing.
 */
static const char **find_environment(const char **envp)
{
	static const char *nothing[] = {NULL};
	if (&environ != NULL && environ != NULL)
		return environ;
	return envp != NULL ? envp : nothing;
}

static int is_filter_inherited(void)
{
	return kernel_close(MARK_DESCRIPTOR) == -(long)MARK_ERRNO;
}

__attribute__((constructor, used)) static void enter_sandbox(int argc, const char **argv, const char **envp)
{
	(void)argc;
	(void)argv;
	static struct sock_filter program[PROGRAM_MAX];
	const char **environment = find_environment(envp);
	struct sandbox_request request = take_request(environment);
	if (request.kind == REQUEST_NO_FILTER)
		return;
	if (request.kind == REQUEST_NOTHING) {
		if (is_filter_inherited())
			return;
		fail(EXIT_INVALID_ARGUMENT, request_missing());
	}
	uint32_t length = write_filter(&request, program);
	request_remove(environment);
	set_no_new_privileges();
	/* Threads that run already, as when dlopen(3) loads the library, get the filter, too. */
	load_program(program, length, SECCOMP_FILTER_FLAG_TSYNC);
}
