#include "one-shot.h"

#include "base/fail.h"
#include "base/find-program.h"
#include "base/kernel.h"
#include "base/text.h"
#include "load.h"

static void draw_key(uint64_t key[KEY_WORDS])
{
	const size_t size = KEY_WORDS * sizeof key[0];
	long result = kernel_getrandom(key, size);
	if (result != (long)size)
		fail(EXIT_SECCOMP, (struct failure){
					   .what = "can't draw a random key",
					   .error = result < 0 ? (int)-result : 0,
					   .hint = "another filter refuses getrandom: SystemCallFilter= must permit it",
				   });
}

static void wipe_guard(struct guarded_filter *filter)
{
	memset(filter->guard, 0, sizeof filter->guard);
	/* Without empty assembly the compiler may leave the memset out, since nothing reads the guard again. */
	__asm__ volatile("" ::: "memory");
}

static _Noreturn void exec_with_key(const char *path, const char *const *argv, const char *const *envp,
				    uint64_t key[KEY_WORDS])
{
	long error = -kernel_execve_with_key(path, argv, envp, key);
	fail_exec(path, error, error == ENOENT ? "its interpreter or dynamic linker is missing" : NULL);
}

_Noreturn void exec_unfiltered(const char *path, const char *const *argv, const char *const *envp)
{
	uint64_t no_key[KEY_WORDS] = {0};
	exec_with_key(path, argv, envp, no_key);
}

_Noreturn void exec_once(struct guarded_filter *filter, uint32_t length, uint32_t flags, const char *path,
			 const char *const *argv, const char *const *envp)
{
	/* The key is in memory as briefly as possible: drawn last, and wiped before and by the exec. */
	uint64_t key[KEY_WORDS];
	draw_key(key);
	guard_write(filter->guard, NATIVE_ARCH, __NR_execve, key);
	load_program((struct sock_filter *)filter, GUARD_LENGTH + length, flags);

	/* The filter is in force from here on, and may refuse even the last calls. */
	wipe_guard(filter);
	exec_with_key(path, argv, envp, key);
}
