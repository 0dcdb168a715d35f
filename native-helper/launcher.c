/*
 * sandbox-unit-launcher: loads a finished seccomp filter and becomes the program that it was given.
 *
 * The same process all the way: PID, environment, directory, open files and signal settings stay as they were. It
 * allocates nothing and leaves nothing behind. Any failure before the last call ends the process with one line on
 * stderr, so that nothing ever runs without the filter.
 *
 * At stage 'exec' the policy's program is loaded here, and nothing is started. At stage 'entry' the program that covers
 * the dynamic linker's calls, too, is loaded here, and a tracer has the policy's loaded at the program's entry point.
 */
#include "filter.h"
#include "kernel.h"
#include "launcher.h"
#include "message.h"
#include "options.h"
#include "script.h"
#include "tracer.h"

/* One byte more than the longest file, so that a longer one is seen to be longer. */
static uint8_t file_bytes[FILTER_SIZE_MAX + 1];

/* The guard and a program of the filter behind it, as the kernel takes them. */
static struct sock_filter whole_program[BPF_MAXINSNS];

static char program_path[PATH_MAX];

/* One byte more than the longest script. */
static char script_text[SCRIPT_SIZE_MAX + 1];

_Noreturn void fail(int status, struct failure failure)
{
	char line[MESSAGE_SIZE];
	size_t length = message_write(line, &failure);
	/* Nobody is left to tell if this fails: the exit status says the kind of failure all the same. */
	(void)kernel_write(2, line, length);
	kernel_exit(status);
}

static _Noreturn void print_and_exit(const char *text, size_t length)
{
	kernel_exit(kernel_write(1, text, length) == (long)length ? 0 : 1);
}

static size_t length_of(const char *text)
{
	size_t length = 0;
	while (text[length] != '\0')
		length++;
	return length;
}

static int contains(const char *text, char c)
{
	for (; *text != '\0'; text++)
		if (*text == c)
			return 1;
	return 0;
}

static void parse_options(const char **argv, struct options *options)
{
	static const char usage[] =
		"usage: sandbox-unit-launcher (--filter=FILE | --filter-base64=DATA) [--argv0=NAME]\n"
		"                             [--search-path=DIR[:DIR...]] -- PROGRAM [ARGUMENT...]\n"
		"       sandbox-unit-launcher --script SCRIPT [ARGUMENT...]\n"
		"Loads a seccomp filter and becomes PROGRAM. See sandbox-unit-launcher(8).\n";
	static const char version[] = "sandbox-unit-launcher " VERSION "\n";
	struct failure failure;
	if (!options_parse(argv, options, &failure))
		fail(EXIT_INVALID_ARGUMENT, failure);
	if (options->request == REQUEST_HELP)
		print_and_exit(usage, sizeof usage - 1);
	if (options->request == REQUEST_VERSION)
		print_and_exit(version, sizeof version - 1);
}

/* A call that comes before the filter, or loads it, failed. */
static _Noreturn void fail_filter(const char *what, long error, const char *hint)
{
	fail(EXIT_SECCOMP, (struct failure){.what = what, .error = (int)error, .hint = hint});
}

/* A file is not as it must be; `what` says which it is. */
static _Noreturn void refuse_file(const char *what, const char *name, const char *problem, const char *hint)
{
	fail(EXIT_SECCOMP, (struct failure){.what = what, .name = name, .rest = problem, .hint = hint});
}

/* A call on a file failed. */
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

/* These files decide what the service may do, so that only root or the service's own user may have written them. */
static void check_file(const char *what, const char *path, const struct kernel_stat *status, uint32_t euid)
{
	if ((status->mode & S_IFMT) != S_IFREG)
		refuse_file(what, path, "is not a regular file", NULL);
	if (status->uid != 0 && status->uid != euid)
		refuse_file(what, path, "belongs to another user", "chown it to root");
	if (status->mode & (S_IWGRP | S_IWOTH))
		refuse_file(what, path, "is writable by group or others", "chmod go-w it");
}

/* Reads at most `room` bytes of a file that has passed its checks, and returns how many there were. */
static size_t read_file(const char *what, const char *path, unsigned int flags, void *bytes, size_t room, uint32_t euid)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. The descriptor closes by itself at the exec. */
	long fd = kernel_openat(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	if (fd < 0)
		fail_file(what, path, "can't be opened", -fd);

	/* Cleared, for another filter can answer with success and fill nothing in. */
	struct kernel_stat status = {0};
	long result = kernel_fstat(fd, &status);
	if (result < 0)
		fail_file(what, path, "can't be looked at", -result);
	check_file(what, path, &status, euid);

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

/* Puts what the script says into the options. The kernel followed links on its way to the script, so that this does. */
static void read_script(struct options *options, uint32_t euid)
{
	const char *path = options->command[0];
	size_t size = read_file("the script", path, 0, script_text, sizeof script_text, euid);
	struct script script = {0};
	const char *problem = script_parse(script_text, size, &script);
	if (problem != NULL)
		refuse_file("the script", path, problem, NULL);
	options->filter_file = script.filter_file;
	options->program = script.program;
}

static struct filter load_filter(const struct options *options, uint32_t euid)
{
	const char *name = options->filter_file != NULL ? options->filter_file : "--filter-base64=";
	size_t size = FILTER_SIZE_MAX;
	enum filter_problem problem = FILTER_OK;
	if (options->filter_file != NULL)
		size = read_file("the filter", name, O_NOFOLLOW, file_bytes, sizeof file_bytes, euid);
	else
		problem = base64_decode(options->filter_base64, file_bytes, &size);

	struct filter filter = {0};
	if (problem == FILTER_OK)
		problem = filter_parse(file_bytes, size, NATIVE_ARCH, &filter);
	if (problem != FILTER_OK)
		refuse_file("the filter", name, filter_problem_text(problem), NULL);
	return filter;
}

static _Noreturn void fail_exec(const char *path, long error, const char *hint)
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
	struct kernel_stat status = {0};
	long result = kernel_stat(path, &status);
	if (result < 0)
		return -result;
	if ((status.mode & S_IFMT) != S_IFREG || (status.mode & S_IXANY) == 0)
		return EACCES;
	return 0;
}

/* Writes DIRECTORY/NAME to program_path, where the directory ends at ':' or NUL. False if it doesn't fit. */
static int join_path(const char *directory, const char *name)
{
	size_t length = 0;
	while (directory[length] != ':' && directory[length] != '\0')
		length++;
	size_t name_size = length_of(name) + 1;
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
static const char *find_program(const char *name, const char *search_path)
{
	if (contains(name, '/')) {
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
		while (*directory != ':' && *directory != '\0')
			directory++;
		if (*directory == '\0')
			break;
	}
	fail(EXIT_EXEC, (struct failure){
				.what = "can't find the program",
				.name = name,
				.error = (int)reason,
				.hint = "give its path, or its directory by --search-path=",
			});
}

/* Reads the setting back: another filter can answer prctl with success and do nothing. */
static void set_no_new_privileges(void)
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

static void draw_key(uint64_t key[KEY_WORDS])
{
	const size_t size = KEY_WORDS * sizeof key[0];
	long result = kernel_getrandom(key, size);
	if (result != (long)size)
		fail_filter("can't draw a random key", result < 0 ? -result : 0,
			    "another filter refuses getrandom: SystemCallFilter= must permit it");
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

static _Noreturn void fail_load(long error)
{
	fail_filter("can't load the filter", error, load_hint(error));
}

/*
 * Loads the guard and the program behind it as one filter.
 *
 * A call without a program goes first, to which the kernel must answer EFAULT. That tells a kernel which does the call
 * from a filter that answers it with success and does nothing, and says whether seccomp(2) is there at all: where it
 * isn't, prctl(2) does the same, but knows no flags.
 */
static void load(uint32_t length, uint32_t flags)
{
	struct sock_fprog program = {.len = (uint16_t)(GUARD_LENGTH + length), .filter = whole_program};
	int by_prctl = 0;
	long result = set_filter(by_prctl, flags, NULL);
	if (result == -ENOSYS && flags == 0) {
		by_prctl = 1;
		result = set_filter(by_prctl, flags, NULL);
	}
	if (result == 0)
		fail_filter("can't load the filter", 0, "another filter fakes the call's success");
	if (result != -EFAULT)
		fail_load(-result);
	result = set_filter(by_prctl, flags, &program);
	if (result != 0)
		fail_load(-result);
}

static void wipe_guard(void)
{
	memset(whole_program, 0, GUARD_LENGTH * sizeof whole_program[0]);
	/* Without this the compiler may leave the memset out, since nothing reads the guard again. */
	__asm__ volatile("" ::: "memory");
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	struct options options;
	parse_options(argv, &options);
	if (options.request == REQUEST_SCRIPT)
		read_script(&options, euid);
	struct filter filter = load_filter(&options, euid);
	const char *path = find_program(options.program, options.search_path);
	if (options.argv0 != NULL)
		options.command[0] = options.argv0;

	/* Needed by the kernel before an unprivileged process loads a filter, so that it comes first. */
	if (filter.flags & FILTER_NO_NEW_PRIVILEGES)
		set_no_new_privileges();

	const struct program *program = &filter.main;
	if (filter.stage == FILTER_STAGE_ENTRY) {
		start_tracer(&filter);
		program = &filter.start;
	}

	/* The key is in memory as briefly as possible: drawn last, and wiped before and by the exec. */
	uint64_t key[KEY_WORDS];
	draw_key(key);
	guard_write(whole_program, NATIVE_ARCH, NR_execve, key);
	memcpy(whole_program + GUARD_LENGTH, program->instructions, program->length * sizeof whole_program[0]);
	load(program->length, filter.flags & FILTER_LOG ? SECCOMP_FILTER_FLAG_LOG : 0);

	/* From here on the filter is in force, and may refuse even what follows. */
	wipe_guard();
	long error = -kernel_execve_with_key(path, options.command, envp, key);
	fail_exec(path, error, error == ENOENT ? "its interpreter or dynamic linker is missing" : NULL);
}
