#include "find-program.h"

#include "fail.h"
#include "kernel.h"
#include "text.h"

static char program_path[PATH_MAX];

_Noreturn void fail_exec(const char *path, long error, const char *hint)
{
	if (error == EACCES)
		hint = "it must be a regular file that this user may execute, on a mount that allows it";
	else if (error == ENOEXEC)
		hint = "it is for another machine, or a script without '#!'";
	fail(EXIT_EXEC,
	     (struct failure){.what = "can't execute", .name = path, .error = (int)error, .hint = hint});
}

/* 0 for a regular file with an execute bit, else an errno. Who may execute it is left to the kernel's execve. */
static long check_program(const char *path)
{
	struct stat status = {0};
	long result = kernel_stat(path, &status);
	if (result < 0)
		return -result;
	if ((status.st_mode & S_IFMT) != S_IFREG || (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return EACCES;
	return 0;
}

/* Writes DIRECTORY/NAME to program_path, where the directory ends at ':' or NUL. False if it doesn't fit. */
static int join_path(const char *directory, const char *name)
{
	size_t length = (size_t)(strchrnul(directory, ':') - directory);
	if (length == 0) {
		directory = ".";
		length = 1;
	}
	size_t name_size = strlen(name) + 1;
	if (length >= sizeof program_path || name_size >= sizeof program_path - length)
		return 0;
	memcpy(program_path, directory, length);
	program_path[length] = '/';
	memcpy(program_path + length + 1, name, name_size);
	return 1;
}

/*
 * Finds the program while the filter isn't in force yet, so that a missing one can be reported whatever the filter
 * refuses. A directory without the program is passed over, for whatever reason, as a shell does.
 */
const char *find_program(const char *name, const char *search_path, const char *hint)
{
	if (*strchrnul(name, '/') != '\0') {
		long error = check_program(name);
		if (error != 0)
			fail_exec(name, error, NULL);
		return name;
	}
	long reason = ENOENT;
	for (const char *directory = search_path;; directory++) {
		long error = join_path(directory, name) ? check_program(program_path) : ENAMETOOLONG;
		if (error == 0)
			return program_path;
		if (error != ENOENT)
			reason = error;
		directory = strchrnul(directory, ':');
		if (*directory == '\0')
			break;
	}
	fail(EXIT_EXEC, (struct failure){
				.what = "can't find the program",
				.name = name,
				.error = (int)reason,
				.hint = hint,
			});
}
