#include "instances.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "own-files.h"
#include "unit-folders.h"

/* Sets `name` to the unit's part of the name of an entry: a file's own, and of a folder of drop-ins that without `.d`. */
static bool name_of_entry(const char *text, char name[UNIT_NAME])
{
	size_t length = strlen(text);
	bool is_folder = length > 2 && strcmp(text + length - 2, ".d") == 0;
	snprintf(name, UNIT_NAME, "%.*s", (int)(is_folder ? length - 2 : length), text);
	return is_service_name(name);
}

/* Adds the instance of a template to which a name gives files, or drop-ins; `shared` are the names of the template. */
static bool add_instance(const struct unit_entries *entries, const char *name, const char *template,
			 const struct names *shared, struct names *instances)
{
	char its_template[UNIT_NAME], unit[UNIT_NAME], of_unit[UNIT_NAME];
	if (!template_of(name, its_template))
		return true;
	unit_named(entries, name, unit);
	if (template_of(unit, of_unit) && strcmp(of_unit, template) == 0 && !names_add(instances, unit))
		return false;
	return !names_have(shared, its_template) || !instance_like(template, name, unit) || names_add(instances, unit);
}

/* Adds the instances that have entries in the folders of units. */
static bool add_instances(const struct unit_entries *entries, const char *template, struct names *instances)
{
	static struct names aliases, shared;
	char name[UNIT_NAME];
	aliases.count = shared.count = 0;
	if (!names_add(&aliases, template) || !names_add_aliases(entries, template, &aliases))
		return false;
	for (size_t i = 0; i < aliases.count; i++) {
		if (!names_add_with_drop_ins(&shared, aliases.list[i]))
			return false;
	}
	for (size_t i = 0; i < entries->count; i++) {
		if (name_of_entry(entries->list[i].name, name) &&
		    !add_instance(entries, name, template, &shared, instances))
			return false;
	}
	return true;
}

/* Sets `instance` to that of a template by the path of a file of its own. */
static bool instance_by_path(const char *path, const char *template, char instance[UNIT_NAME])
{
	char entry[PATH_MAX], name[UNIT_NAME];
	snprintf(entry, sizeof entry, "%s", path);
	char *last = strrchr(entry, '/');
	if (strlen(path) >= sizeof entry || last == NULL)
		return false;
	if (!name_of_entry(last + 1, name)) {
		*last = '\0';
		last = strrchr(entry, '/');
		if (last == NULL || !name_of_entry(last + 1, name))
			return false;
	}
	return instance_like(template, name, instance);
}

static bool has_manifest(const char *unit)
{
	char place[PATH_MAX];
	snprintf(place, sizeof place, MANIFESTS "/%s", unit);
	return access(place, F_OK) == 0;
}

const char *instances_changed(const char *template, const struct manifest *manifest,
			      void (*changed)(const char *instance, const char *reason, const char *path),
			      const char **path)
{
	static struct names instances;
	instances.count = 0;
	const struct unit_entries *entries = unit_entries_read(path);
	if (entries == NULL)
		return unreadable_folder;
	*path = "";
	if (!add_instances(entries, template, &instances))
		return "it has too many aliases or instances";
	for (size_t i = 0; i < instances.count; i++) {
		if (has_manifest(instances.list[i]))
			continue;
		const char *file;
		const char *reason = own_files_of_instance_changed(instances.list[i], template, manifest, &file);
		if (reason != NULL)
			changed(instances.list[i], reason, file);
	}
	for (size_t i = 0; i < manifest->of_instances_count; i++) {
		char instance[UNIT_NAME];
		const char *reason = listed_changed(&manifest->of_instances[i]);
		if (reason == NULL)
			continue;
		*path = manifest->of_instances[i].path;
		if (!instance_by_path(*path, template, instance))
			return reason;
		if (!has_manifest(instance))
			changed(instance, reason, *path);
	}
	return NULL;
}
