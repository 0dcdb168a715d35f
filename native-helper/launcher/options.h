/* The launcher's command line. Pure. */
#ifndef SANDBOX_UNIT_OPTIONS_H
#define SANDBOX_UNIT_OPTIONS_H

#include "base/message.h"

enum request {
	REQUEST_LAUNCH,
	REQUEST_SCRIPT, /* launch by the script in command[0] */
	REQUEST_HELP, /* answer --help or --version, which is command[0] */
};

/* Options that aren't given are NULL. */
struct options {
	enum request request;
	const char *filter_file;
	const char *filter_base64;
	const char *argv0;
	const char *search_path;
	int is_users; /* the filter may belong to the user that the launcher runs as */
	const char *program;
	const char **command; /* argv of the program, ended by NULL */
};

/* Takes the command line apart. Returns whether it is in order; else fills in `failure`. */
int options_parse(const char **argv, struct options *options, struct failure *failure);

#endif
