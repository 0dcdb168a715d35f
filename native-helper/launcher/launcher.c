/*
 * sandbox-unit-launcher: loads a finished seccomp filter and becomes the program that it was given.
 *
 * It replaces itself: PID, environment, directory, open files and signal settings stay as they were. It allocates nothing
 * and leaves nothing behind. Any failure before the last call ends the process with one line on stderr, so that nothing
 * ever runs without the filter.
 *
 * At stage 'exec' the policy's program is loaded here, and nothing is started. At stage 'entry' the program that covers
 * the dynamic linker's calls, too, is loaded here, and a tracer has the policy's loaded at the program's entry point.
 */
#include "base/fail.h"
#include "base/find-program.h"
#include "base/kernel.h"
#include "base/start.h"
#include "base/text.h"
#include "seccomp/filter.h"
#include "seccomp/load.h"
#include "seccomp/one-shot.h"
#include "tracer/tracer.h"
#include "options.h"
#include "script.h"

const char program_name[] = "sandbox-unit-launcher";

/* One byte more than the longest file, so that a longer one is seen to be longer. */
static uint8_t file_bytes[FILTER_SIZE_MAX + 1];

static struct guarded_filter guarded;

/* One byte more than the longest script. */
static char script_text[SCRIPT_SIZE_MAX + 1];

static void parse_options(const char **argv, struct options *options)
{
	static const char usage[] =
		"usage: sandbox-unit-launcher (--filter=FILE | --filter-base64=DATA) [--argv0=NAME] [--user]\n"
		"                             [--search-path=DIR[:DIR...]] -- PROGRAM [ARGUMENT...]\n"
		"       sandbox-unit-launcher {--script | --user-script} SCRIPT [ARGUMENT...]\n"
		"Loads a seccomp filter and becomes PROGRAM. See sandbox-unit-launcher(8).\n";
	struct failure failure;
	if (!options_parse(argv, options, &failure))
		fail(EXIT_INVALID_ARGUMENT, failure);
	if (options->request == REQUEST_HELP)
		answer_help(options->command[0], usage);
}

/* Ends the process because a file is not as it must be; `what` names the kind of file. */
static _Noreturn void refuse_file(const char *what, const char *name, const char *problem, const char *hint)
{
	fail(EXIT_SECCOMP, (struct failure){.what = what, .name = name, .rest = problem, .hint = hint});
}

/* Ends the process because a call on a file failed with an errno. */
static _Noreturn void fail_file(const char *what, const char *name, const char *problem, long error)
{
	fail(EXIT_SECCOMP, (struct failure){
				   .what = what,
				   .name = name,
				   .rest = problem,
				   .error = (int)error,
				   .hint = error == ELOOP ? "name the file itself, not a symbolic link" : NULL,
			   });
}

/*
 * The files decide on the rights of the service: only root may have written them. For a service of a user's own manager
 * `owner` may, too, since that user can start the program without a filter as well.
 */
static void check_file(const char *what, const char *path, const struct stat *status, uint32_t owner)
{
	if ((status->st_mode & S_IFMT) != S_IFREG)
		refuse_file(what, path, "is not a regular file", NULL);
	if (status->st_uid != 0 && status->st_uid != owner)
		refuse_file(what, path, "belongs to another user", "chown it to root");
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		refuse_file(what, path, "is writable by group or others", "chmod go-w it");
}

/* Reads at most `room` bytes of a file that has passed its checks, and returns how many there were. */
static size_t read_file(const char *what, const char *path, unsigned int flags, void *bytes, size_t room, uint32_t owner)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. The descriptor closes by itself at the exec. */
	long fd = kernel_openat(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	if (fd < 0)
		fail_file(what, path, "can't be opened", -fd);

	/* Cleared, since another filter can answer fstat with success and fill nothing in. */
	struct stat status = {0};
	long result = kernel_fstat(fd, &status);
	if (result < 0)
		fail_file(what, path, "can't be looked at", -result);
	check_file(what, path, &status, owner);

	size_t size = 0;
	while (size < room) {
		result = kernel_read(fd, (uint8_t *)bytes + size, room - size);
		if (result < 0)
			fail_file(what, path, "can't be read", -result);
		if (result == 0)
			break;
		size += (size_t)result;
	}
	return size;
}

/* Puts the script's paths into the options. Links to the script are followed, as the kernel has followed them. */
static void read_script(struct options *options, uint32_t owner)
{
	const char *path = options->command[0];
	size_t size = read_file("the script", path, 0, script_text, sizeof script_text, owner);
	struct script script = {0};
	const char *problem = script_parse(script_text, size, &script);
	if (problem != NULL)
		refuse_file("the script", path, problem, NULL);
	options->filter_file = script.filter_file;
	options->program = script.program;
}

static struct filter read_filter(const struct options *options, uint32_t owner)
{
	const char *name = options->filter_file != NULL ? options->filter_file : "--filter-base64=";
	size_t size = FILTER_SIZE_MAX;
	const char *problem = NULL;
	if (options->filter_file != NULL)
		size = read_file("the filter", name, O_NOFOLLOW, file_bytes, sizeof file_bytes, owner);
	else
		problem = base64_decode(options->filter_base64, file_bytes, &size);

	struct filter filter = {0};
	if (problem == NULL)
		problem = filter_parse(file_bytes, size, NATIVE_ARCH, &filter);
	if (problem != NULL)
		refuse_file("the filter", name, problem, NULL);
	if (filter.stage == FILTER_STAGE_READY)
		refuse_file("the filter", name, "is of stage 'ready', which is for running services", NULL);
	return filter;
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	struct options options;
	parse_options(argv, &options);
	uint32_t owner = options.is_users ? euid : 0;
	if (options.request == REQUEST_SCRIPT)
		read_script(&options, owner);
	struct filter filter = read_filter(&options, owner);
	const char *path = find_program(options.program, options.search_path,
					"give its path, or its directory by --search-path=");
	if (options.argv0 != NULL)
		options.command[0] = options.argv0;

	if (filter.flags & FILTER_NO_NEW_PRIVILEGES)
		set_no_new_privileges();
	const struct program *program = &filter.main;
	if (filter.stage == FILTER_STAGE_ENTRY) {
		start_tracer(&filter);
		program = &filter.start;
	}
	memcpy(guarded.program, program->instructions, program->length * sizeof guarded.program[0]);
	exec_once(&guarded, program->length, filter.flags & FILTER_LOG ? SECCOMP_FILTER_FLAG_LOG : 0, path,
		  options.command, envp);
}
