/*
 * sandboxify: loads the filter that the environment asks for and becomes the program that it was given, by the same
 * one-shot exec as the launcher. The variables are gone from the program's environment.
 */
#include "base/fail.h"
#include "base/find-program.h"
#include "base/kernel.h"
#include "base/start.h"
#include "base/text.h"
#include "seccomp/load.h"
#include "seccomp/one-shot.h"
#include "sandbox.h"

const char program_name[] = "sandboxify";

static struct guarded_filter guarded;

/* The program and its arguments. */
static const char **parse_command(const char **argv)
{
	static const char usage[] =
		"usage: sandboxify [--] PROGRAM [ARGUMENT...]\n"
		"Loads the seccomp filter that SECCOMP_SYSCALL_ALLOW or SECCOMP_SYSCALL_DENY asks for\n"
		"and becomes PROGRAM. See sandboxify(1).\n";
	const char **word = argv[0] == NULL ? argv : argv + 1;
	answer_help(*word, usage);
	if (*word != NULL && strcmp(*word, "--") == 0)
		word++;
	else if (*word != NULL && **word == '-')
		fail(EXIT_INVALID_ARGUMENT, (struct failure){
						    .what = "unknown option",
						    .name = *word,
						    .hint = "see sandboxify --help",
					    });
	if (*word == NULL || **word == '\0')
		fail(EXIT_INVALID_ARGUMENT,
		     (struct failure){.what = "there is no program", .hint = "see sandboxify --help"});
	return word;
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	(void)euid;
	const char **command = parse_command(argv);
	struct sandbox_request request = take_request(envp);
	if (request.kind == REQUEST_NOTHING)
		fail(EXIT_INVALID_ARGUMENT, request_missing());
	const char *search_path = variable(envp, "PATH");
	const char *path = find_program(command[0], search_path == NULL ? DEFAULT_SEARCH_PATH : search_path,
					"give its path, or its directory in PATH");
	/* SECCOMP_DEFAULT_ACTION stays, for libsandbox.so in this program and in those that it starts. */
	if (request.kind == REQUEST_NO_FILTER)
		exec_unfiltered(path, command, envp);
	uint32_t length = write_filter(&request, guarded.program);
	request_remove(envp);
	set_no_new_privileges();
	exec_once(&guarded, length, 0, path, command, envp);
}
