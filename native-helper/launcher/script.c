#include "script.h"

#include "base/text.h"

/* Ends the line that begins at `text` with NUL and returns the next, or NULL where the text ends first. */
static char *end_line(char *text, const char *end)
{
	for (; text < end && *text != '\0'; text++) {
		if (*text != '\n')
			continue;
		*text = '\0';
		return text + 1;
	}
	return NULL;
}

/* The absolute path after `key` in a line, or NULL. */
static const char *path_of(const char *line, const char *key)
{
	const char *path = after(line, key);
	return path != NULL && *path == '/' ? path : NULL;
}

const char *script_parse(char *text, size_t size, struct script *script)
{
	const char *end = text + size;
	if (size > SCRIPT_SIZE_MAX)
		return "is too long";
	char *filter_line = end_line(text, end);
	char *program_line = filter_line == NULL ? NULL : end_line(filter_line, end);
	char *rest = program_line == NULL ? NULL : end_line(program_line, end);
	if (rest == NULL || rest != end || text[0] != '#' || text[1] != '!')
		return "must have three lines, the first of which begins with '#!'";
	script->filter_file = path_of(filter_line, "filter=");
	script->program = path_of(program_line, "program=");
	if (script->filter_file == NULL || script->program == NULL)
		return "must name an absolute path after 'filter=', then one after 'program='";
	return NULL;
}
