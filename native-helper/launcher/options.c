#include "options.h"

#include "base/find-program.h"
#include "base/text.h"

static int refuse(struct failure *failure, const char *what, const char *name, const char *rest)
{
	*failure = (struct failure){
		.what = what,
		.name = name,
		.rest = rest,
		.hint = "see sandbox-unit-launcher --help",
	};
	return 0;
}

static int take_value(const char **option, const char *name, const char *value, struct failure *failure)
{
	if (*option != NULL)
		return refuse(failure, "the option", name, "is given twice");
	*option = value;
	return 1;
}

static int parse_option(const char *word, struct options *options, struct failure *failure)
{
	const char *value;
	if (strcmp(word, "--user") == 0) {
		options->is_users = 1;
		return 1;
	}
	if ((value = after(word, "--filter=")) != NULL)
		return take_value(&options->filter_file, "--filter=", value, failure);
	if ((value = after(word, "--filter-base64=")) != NULL)
		return take_value(&options->filter_base64, "--filter-base64=", value, failure);
	if ((value = after(word, "--argv0=")) != NULL)
		return take_value(&options->argv0, "--argv0=", value, failure);
	if ((value = after(word, "--search-path=")) != NULL)
		return take_value(&options->search_path, "--search-path=", value, failure);
	return refuse(failure, "unknown option", word, "before '--'");
}

/* Every directory must be absolute: the program must not depend on the directory that the unit starts in. */
static int is_search_path(const char *search_path)
{
	for (const char *directory = search_path;; directory++) {
		if (*directory != '/')
			return 0;
		directory = strchrnul(directory, ':');
		if (*directory == '\0')
			return 1;
	}
}

static int check(struct options *options, struct failure *failure)
{
	options->program = options->command[0];
	if (options->program == NULL)
		return refuse(failure, "there is no program after '--'", NULL, NULL);
	if (options->program[0] == '\0')
		return refuse(failure, "the program's name is empty", NULL, NULL);
	if ((options->filter_file == NULL) == (options->filter_base64 == NULL))
		return refuse(failure, "exactly one of --filter= and --filter-base64= is needed", NULL, NULL);
	/* $PATH doesn't count: the service may have set it. */
	if (options->search_path == NULL)
		options->search_path = DEFAULT_SEARCH_PATH;
	if (!is_search_path(options->search_path))
		return refuse(failure, "--search-path= needs absolute directories, not", options->search_path, NULL);
	return 1;
}

/*
 * Takes the command line that the kernel gives to the interpreter of a script: the option of the script's first line, the
 * script, and the arguments of the program.
 */
static int take_script(const char **words, struct options *options, struct failure *failure)
{
	if (words[1] == NULL)
		return refuse(failure, "there is no script after", words[0], NULL);
	options->request = REQUEST_SCRIPT;
	options->command = words + 1;
	return 1;
}

int options_parse(const char **argv, struct options *options, struct failure *failure)
{
	const char **word = argv[0] == NULL ? argv : argv + 1;
	*options = (struct options){.request = REQUEST_LAUNCH};
	if (*word != NULL && (strcmp(*word, "--script") == 0 || strcmp(*word, "--user-script") == 0)) {
		options->is_users = strcmp(*word, "--user-script") == 0;
		return take_script(word, options, failure);
	}
	for (; *word != NULL && strcmp(*word, "--") != 0; word++) {
		if (strcmp(*word, "--help") == 0 || strcmp(*word, "--version") == 0) {
			options->request = REQUEST_HELP;
			options->command = word;
			return 1;
		}
		if (!parse_option(*word, options, failure))
			return 0;
	}
	if (*word == NULL)
		return refuse(failure, "there is no '--' with a program after it", NULL, NULL);
	options->command = word + 1;
	return check(options, failure);
}
