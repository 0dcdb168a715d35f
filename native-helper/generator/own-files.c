#include "own-files.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "sha256.h"

/* In systemd's order, without the folders of generators. */
static const char *const folders[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system",
	"/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
};
#define FOLDERS (sizeof folders / sizeof folders[0])

static char found[PATH_MAX];

static bool is_same_file(const char *one, const char *other)
{
	char first[PATH_MAX], second[PATH_MAX];
	return realpath(one, first) != NULL && realpath(other, second) != NULL && strcmp(first, second) == 0;
}

/* The name of an instance's template: foo@.service. */
static bool template_of(const char *unit, char template[NAME_MAX + 1])
{
	const char *at = strchr(unit, '@');
	if (at == NULL || at[1] == '.')
		return false;
	snprintf(template, NAME_MAX + 1, "%.*s@.service", (int)(at - unit), unit);
	return true;
}

/* The fragment that systemd takes: the first of the name, else of the template's. */
static bool find_fragment(const char *unit)
{
	for (size_t i = 0; i < FOLDERS; i++) {
		snprintf(found, sizeof found, "%s/%s", folders[i], unit);
		if (access(found, F_OK) == 0)
			return true;
	}
	char template[NAME_MAX + 1];
	return template_of(unit, template) && find_fragment(template);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), wanted = strlen(end);
	return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* The place of a folder in systemd's order, by a path in it. */
static size_t rank_of(const char *path)
{
	for (size_t i = 0; i < FOLDERS; i++) {
		size_t length = strlen(folders[i]);
		if (strncmp(path, folders[i], length) == 0 && path[length] == '/')
			return i;
	}
	return FOLDERS;
}

/* Whether a drop-in is among those for which ours were made, or hidden by one of its name. */
static bool is_known(const char *path, size_t rank, const struct manifest *manifest)
{
	const char *name = strrchr(path, '/');
	for (size_t i = 1; i < manifest->made_for_count; i++) {
		const char *known = manifest->made_for[i].path;
		if (is_same_file(path, known))
			return true;
		if (strcmp(strrchr(known, '/'), name) == 0 && rank_of(known) < rank)
			return true;
	}
	return false;
}

/* Finds a drop-in below `NAME.d` that isn't known. */
static bool find_unknown(const char *name, const struct manifest *manifest)
{
	for (size_t i = 0; i < FOLDERS; i++) {
		char folder[PATH_MAX];
		snprintf(folder, sizeof folder, "%s/%s.d", folders[i], name);
		DIR *directory = opendir(folder);
		if (directory == NULL)
			continue;
		bool is_unknown = false;
		for (struct dirent *entry; !is_unknown && (entry = readdir(directory)) != NULL;) {
			if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ".conf") ||
			    strcmp(entry->d_name, "zz-sandbox-unit.conf") == 0)
				continue;
			int length = snprintf(found, sizeof found, "%s/%s", folder, entry->d_name);
			is_unknown = length < 0 || (size_t)length >= sizeof found || !is_known(found, i, manifest);
		}
		closedir(directory);
		if (is_unknown)
			return true;
	}
	return false;
}

/* The drop-in folders of a unit: its own, its template's, those of its name's beginnings (foo-.service.d), all services'. */
static bool has_unknown_drop_in(const char *unit, const struct manifest *manifest)
{
	char name[NAME_MAX + 1];
	if (find_unknown(unit, manifest) || find_unknown("service", manifest))
		return true;
	if (template_of(unit, name) && find_unknown(name, manifest))
		return true;
	for (const char *dash = strchr(unit, '-'); dash != NULL; dash = strchr(dash + 1, '-')) {
		snprintf(name, sizeof name, "%.*s.service", (int)(dash + 1 - unit), unit);
		if (strcmp(name, unit) != 0 && find_unknown(name, manifest))
			return true;
	}
	return false;
}

const char *own_files_changed(const char *unit, const struct manifest *manifest, const char **path)
{
	for (size_t i = 0; i < manifest->made_for_count; i++) {
		const struct listed *known = &manifest->made_for[i];
		*path = known->path;
		struct content content = read_linked(known->path);
		if (content.bytes == NULL)
			return "a file of the unit is gone, or others than root can change it";
		char sum[SHA256_TEXT];
		sha256_text(content.bytes, content.size, sum);
		free(content.bytes);
		if (strcmp(sum, known->sum) != 0)
			return "a file of the unit has changed";
	}
	*path = found;
	if (!find_fragment(unit) || !is_same_file(found, manifest->made_for[0].path))
		return "another unit file has taken the place of the unit's";
	return has_unknown_drop_in(unit, manifest) ? "the unit has a new drop-in" : NULL;
}
