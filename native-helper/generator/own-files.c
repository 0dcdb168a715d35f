#include "own-files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "sha256.h"
#include "unit-folders.h"

#define OURS "zz-sandbox-unit.conf"

static const char changed_file[] = "a file of the unit has changed";
static const char absent_file[] = "a file of the unit is gone, or others than root can change it";
static const char new_drop_in[] = "the unit has a new drop-in";
static const char other_fragment[] = "another unit file has taken the place of the unit's";
static const char too_many[] = "it has too many drop-ins, aliases or instances";

/* The file that a reason is about. */
static char found[PATH_MAX];

const char *listed_changed(const struct listed *listed)
{
	char sum[SHA256_TEXT];
	struct content content = read_linked(listed->path);
	if (content.bytes == NULL)
		return absent_file;
	sha256_text(content.bytes, content.size, sum);
	free(content.bytes);
	return strcmp(sum, listed->sum) == 0 ? NULL : changed_file;
}

static bool is_same_file(const char *one, const char *other)
{
	char first[PATH_MAX], second[PATH_MAX];
	return strcmp(one, other) == 0 ||
	       (realpath(one, first) != NULL && realpath(other, second) != NULL && strcmp(first, second) == 0);
}

/* Whether two paths are one entry of one folder. What a link there leads to is no matter. */
static bool is_same_entry(const char *one, const char *other)
{
	const char *name = strrchr(one, '/'), *other_name = strrchr(other, '/');
	char folder[PATH_MAX], other_folder[PATH_MAX];
	if (strcmp(one, other) == 0)
		return true;
	if (strcmp(name, other_name) != 0 || strlen(one) >= PATH_MAX || strlen(other) >= PATH_MAX)
		return false;
	snprintf(folder, sizeof folder, "%.*s", (int)(name - one), one);
	snprintf(other_folder, sizeof other_folder, "%.*s", (int)(other_name - other), other);
	return is_same_file(folder, other_folder);
}

/* A look at the drop-ins of a unit. */
struct look {
	const struct manifest *manifest;
	bool is_of_instance; /* of a template that the manifest is for */
	struct names chosen; /* file names of which systemd reads no further one */
};

static bool is_listed(const struct listed *list, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		if (is_same_entry(path, list[i].path))
			return true;
	}
	return false;
}

static bool is_known(const struct look *look, const char *path)
{
	const struct manifest *manifest = look->manifest;
	return is_listed(manifest->made_for, manifest->made_for_count, path) ||
	       (look->is_of_instance && is_listed(manifest->of_instances, manifest->of_instances_count, path));
}

/* Looks for a drop-in in a folder that systemd reads and that isn't known. */
static const char *look_into(struct look *look, const char *folder, bool is_choosing)
{
	snprintf(found, sizeof found, "%s", folder);
	DIR *directory = opendir(folder);
	if (directory == NULL)
		return errno == ENOENT || errno == ENOTDIR ? NULL : unreadable_folder;
	const char *reason = NULL;
	while (reason == NULL) {
		errno = 0;
		struct dirent *entry = readdir(directory);
		if (entry == NULL) {
			reason = errno == 0 ? NULL : unreadable_folder;
			break;
		}
		const char *end = strrchr(entry->d_name, '.');
		if (entry->d_name[0] == '.' || end == NULL || strcmp(end, ".conf") != 0 ||
		    names_have(&look->chosen, entry->d_name))
			continue;
		int length = snprintf(found, sizeof found, "%s/%s", folder, entry->d_name);
		if (length < 0 || (size_t)length >= sizeof found || !is_known(look, found))
			reason = new_drop_in;
		else if (is_choosing && !names_add(&look->chosen, entry->d_name))
			reason = too_many;
	}
	closedir(directory);
	return reason;
}

/* Looks into all folders that a name gives its unit. Ours is read in its place, and hides those of its name from there on. */
static const char *look_by_name(struct look *look, const struct unit_entries *entries, const char *name, const char *ours,
				bool is_choosing)
{
	static struct names names;
	names.count = 0;
	if (!names_add_with_drop_ins(&names, name))
		return too_many;
	for (size_t i = 0; i < UNIT_FOLDERS; i++) {
		for (size_t j = 0; j < names.count; j++) {
			char folder[PATH_MAX];
			snprintf(folder, sizeof folder, "%s.d", names.list[j]);
			if (strcmp(names.list[j], ours) == 0 && strcmp(unit_folders[i], "/run/systemd/system") == 0 &&
			    !names_add(&look->chosen, OURS))
				return too_many;
			if (!unit_folder_has(entries, i, folder))
				continue;
			snprintf(folder, sizeof folder, "%s/%s.d", unit_folders[i], names.list[j]);
			const char *reason = look_into(look, folder, is_choosing);
			if (reason != NULL)
				return reason;
		}
	}
	return NULL;
}

/*
 * Looks for drop-ins that aren't known, in systemd's order: by the unit's name, by its other names, and those of all
 * services. In which order it takes the other names isn't certain: a file below one hides none below the next.
 */
static const char *drop_ins_changed(const struct unit_entries *entries, const char *unit, const char *ours,
				    const struct manifest *manifest, bool is_of_instance)
{
	static struct names aliases;
	static struct look look;
	look.manifest = manifest;
	look.is_of_instance = is_of_instance;
	look.chosen.count = aliases.count = 0;
	if (!names_add_aliases(entries, unit, &aliases))
		return too_many;
	const char *reason = look_by_name(&look, entries, unit, ours, true);
	for (size_t i = 0; reason == NULL && i < aliases.count; i++)
		reason = look_by_name(&look, entries, aliases.list[i], ours, false);
	for (size_t i = 0; reason == NULL && i < UNIT_FOLDERS; i++) {
		char folder[PATH_MAX];
		snprintf(folder, sizeof folder, "%s/service.d", unit_folders[i]);
		if (unit_folder_has(entries, i, "service.d"))
			reason = look_into(&look, folder, true);
	}
	return reason;
}

/* Finds the fragment that systemd takes: the first of the name, else of the template's. */
static bool find_fragment(const char *unit)
{
	for (size_t i = 0; i < UNIT_FOLDERS; i++) {
		snprintf(found, sizeof found, "%s/%s", unit_folders[i], unit);
		if (access(found, F_OK) == 0)
			return true;
	}
	char template[UNIT_NAME];
	return template_of(unit, template) && find_fragment(template);
}

const char *own_files_changed(const char *unit, const struct manifest *manifest, const char **path)
{
	for (size_t i = 0; i < manifest->made_for_count; i++) {
		*path = manifest->made_for[i].path;
		const char *reason = listed_changed(&manifest->made_for[i]);
		if (reason != NULL)
			return reason;
	}
	const struct unit_entries *entries = unit_entries_read(path);
	if (entries == NULL)
		return unreadable_folder;
	*path = found;
	if (!find_fragment(unit) || !is_same_file(found, manifest->made_for[0].path))
		return other_fragment;
	return drop_ins_changed(entries, unit, unit, manifest, false);
}

const char *own_files_of_instance_changed(const char *instance, const char *template, const struct manifest *manifest,
					  const char **path)
{
	const struct unit_entries *entries = unit_entries_read(path);
	if (entries == NULL)
		return unreadable_folder;
	*path = found;
	if (find_fragment(instance) && !is_same_file(found, manifest->made_for[0].path) &&
	    !is_listed(manifest->of_instances, manifest->of_instances_count, found))
		return other_fragment;
	return drop_ins_changed(entries, instance, template, manifest, true);
}
