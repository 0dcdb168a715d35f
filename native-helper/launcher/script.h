/* The script by which the kernel starts the launcher in place of a program. Pure, as filter.h is. */
#ifndef SANDBOX_UNIT_SCRIPT_H
#define SANDBOX_UNIT_SCRIPT_H

#include <stddef.h>

/*
 * Three lines, ended by a line feed each and with nothing after them:
 *
 *	#!/path/of/sandbox-unit-launcher --script
 *	filter=/path/of/the/filter
 *	program=/path/of/the/program
 */
#define SCRIPT_SIZE_MAX 12288U

/* Both point into the script's text. */
struct script {
	const char *filter_file;
	const char *program;
};

/*
 * Reads a script of `size` bytes and ends its paths with NUL in place.
 * Returns NULL, or the problem as the end of the sentence "the script …".
 */
const char *script_parse(char *text, size_t size, struct script *script);

#endif
