#include "manifest.h"

#include <string.h>

#define SUM 64

/* The value of a line with a key; NULL for other lines. */
static char *value_of(char *line, const char *key)
{
	size_t length = strlen(key);
	return strncmp(line, key, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

/* "SUM PATH" */
static bool parse_listed(char *value, struct listed *listed)
{
	if (strspn(value, "0123456789abcdef") != SUM || value[SUM] != ' ' || value[SUM + 1] != '/')
		return false;
	value[SUM] = '\0';
	listed->sum = value;
	listed->path = value + SUM + 1;
	return true;
}

/* "MODE SUM PATH" */
static bool parse_file(char *value, struct listed *listed)
{
	if (strncmp(value, "0644 ", 5) == 0)
		listed->mode = 0644;
	else if (strncmp(value, "0755 ", 5) == 0)
		listed->mode = 0755;
	else
		return false;
	return parse_listed(value + 5, listed);
}

static const char unreadable[] = "a line of its manifest can't be read";
static const char too_many[] = "its manifest names too many files";

static const char *add_listed(char *value, struct listed list[MOST_FILES], size_t *count)
{
	if (*count == MOST_FILES)
		return too_many;
	return parse_listed(value, &list[(*count)++]) ? NULL : unreadable;
}

static const char *parse_line(char *line, struct manifest *manifest)
{
	char *value = value_of(line, "file");
	if (value != NULL) {
		if (manifest->file_count == MOST_FILES)
			return too_many;
		return parse_file(value, &manifest->files[manifest->file_count++]) ? NULL : unreadable;
	}
	value = value_of(line, "made-for");
	if (value != NULL)
		return add_listed(value, manifest->made_for, &manifest->made_for_count);
	value = value_of(line, "instance-file");
	if (value != NULL)
		return add_listed(value, manifest->of_instances, &manifest->of_instances_count);
	if (strcmp(line, "if-changed run") == 0)
		manifest->runs_if_changed = true;
	return NULL;
}

const char *manifest_parse(char *text, struct manifest *manifest)
{
	static const char first[] = "sandbox-unit 1";
	memset(manifest, 0, sizeof *manifest);
	bool is_first = true;
	for (char *line = text; *line != '\0';) {
		char *end = strchr(line, '\n');
		if (end == NULL)
			break;
		*end = '\0';
		if (is_first && strcmp(line, first) != 0)
			return "its manifest is of another version";
		if (!is_first && strcmp(line, "end") == 0) {
			if (end[1] != '\0' || manifest->file_count == 0 || manifest->made_for_count == 0)
				break;
			return NULL;
		}
		const char *reason = is_first ? NULL : parse_line(line, manifest);
		if (reason != NULL)
			return reason;
		is_first = false;
		line = end + 1;
	}
	return "its manifest is cut short";
}
