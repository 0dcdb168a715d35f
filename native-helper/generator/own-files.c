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

/* Whether a drop-in is one of all services: those of a unit's own folders hide it, whatever their rank. */
static bool is_of_all(const char *path)
{
	return strstr(path, "/service.d/") != NULL;
}

/* Whether of two drop-ins with one name systemd takes the first. */
static bool hides(const char *path, const char *other)
{
	if (is_of_all(path) != is_of_all(other))
		return is_of_all(other);
	return rank_of(path) < rank_of(other);
}

/* Whether a drop-in is among those for which ours were made, or hidden by one of its name: ours hides others, too. */
static bool is_known(const char *path, const struct manifest *manifest)
{
	const char *name = strrchr(path, '/');
	if (strcmp(name, "/zz-sandbox-unit.conf") == 0)
		return !hides(path, "/run/systemd/system/UNIT.d/zz-sandbox-unit.conf");
	for (size_t i = 1; i < manifest->made_for_count; i++) {
		const char *known = manifest->made_for[i].path;
		if (is_same_file(path, known))
			return true;
		if (strcmp(strrchr(known, '/'), name) == 0 && hides(known, path))
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
			if (entry->d_name[0] == '.' || !ends_with(entry->d_name, ".conf"))
				continue;
			int length = snprintf(found, sizeof found, "%s/%s", folder, entry->d_name);
			is_unknown = length < 0 || (size_t)length >= sizeof found || !is_known(found, manifest);
		}
		closedir(directory);
		if (is_unknown)
			return true;
	}
	return false;
}

/* Finds one below the folders of a name: its own, its template's, and those of its beginnings (foo-.service.d). */
static bool has_unknown_drop_in(const char *unit, const struct manifest *manifest)
{
	char name[NAME_MAX + 1], template[NAME_MAX + 1];
	if (find_unknown(unit, manifest) || (template_of(unit, template) && find_unknown(template, manifest)))
		return true;
	/* Beginnings keep the instance: foo-bar@x.service has foo-@x.service.d, and foo-@.service.d. */
	const char *end = strchr(unit, '@') != NULL ? strchr(unit, '@') : strrchr(unit, '.');
	for (const char *dash = strchr(unit, '-'); dash != NULL && dash < end; dash = strchr(dash + 1, '-')) {
		snprintf(name, sizeof name, "%.*s%s", (int)(dash + 1 - unit), unit, end);
		if (find_unknown(name, manifest) || (template_of(name, template) && find_unknown(template, manifest)))
			return true;
	}
	return false;
}

/* Whether a name is another one of the unit: by it systemd finds the unit's file, in a folder of units. */
static bool is_alias(const char *name, const char *unit, const char *fragment)
{
	char real[PATH_MAX], template[NAME_MAX + 1];
	/* Instances share the template's file, and are units of their own. */
	if (!ends_with(name, ".service") || strcmp(name, unit) == 0 || template_of(name, template))
		return false;
	return find_fragment(name) && is_same_file(found, fragment) && realpath(found, real) != NULL &&
	       rank_of(real) < FOLDERS;
}

/* Finds an unknown drop-in of another name of the unit. */
static bool has_unknown_by_alias(const char *unit, const struct manifest *manifest)
{
	for (size_t i = 0; i < FOLDERS; i++) {
		DIR *directory = opendir(folders[i]);
		if (directory == NULL)
			continue;
		bool is_unknown = false;
		for (struct dirent *entry; !is_unknown && (entry = readdir(directory)) != NULL;) {
			bool is_link = entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
			is_unknown = is_link && is_alias(entry->d_name, unit, manifest->made_for[0].path) &&
				     has_unknown_drop_in(entry->d_name, manifest);
		}
		closedir(directory);
		if (is_unknown)
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
	bool has_unknown = find_unknown("service", manifest) || has_unknown_drop_in(unit, manifest) ||
			   has_unknown_by_alias(unit, manifest);
	return has_unknown ? "the unit has a new drop-in" : NULL;
}
