#include "unit-folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Entries of all folders: several times what a distribution has. */
#define MOST_ENTRIES (1 << 16)

/* The most links from name to name. */
#define MOST_LINKS 16

const char *const unit_folders[UNIT_FOLDERS] = {
	"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system",
	"/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
};

const char unreadable_folder[] = "a folder of units can't be read";

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), wanted = strlen(end);
	return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Takes "." and ".." and doubled slashes out of an absolute path, by its text, as systemd does. */
static void simplify(char *path)
{
	char *to = path;
	for (char *from = path; *from != '\0';) {
		from += strspn(from, "/");
		size_t length = strcspn(from, "/");
		if (length == 2 && from[0] == '.' && from[1] == '.') {
			while (to > path && *--to != '/')
				;
		} else if (length > 0 && !(length == 1 && from[0] == '.')) {
			*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	*to = '\0';
}

static bool is_unit_folder(const char *path)
{
	for (size_t i = 0; i < UNIT_FOLDERS; i++) {
		if (strcmp(unit_folders[i], path) == 0)
			return true;
	}
	return false;
}

/*
 * Sets `*target` to the name that a link stands for; a link to a place that has no units only says where a file is.
 * Returns false if that can't be told.
 */
static bool read_target(int folder, const char *place, const char *name, const char **target)
{
	char link[PATH_MAX], path[2 * PATH_MAX];
	ssize_t length = readlinkat(folder, name, link, sizeof link);
	/* EINVAL: it is no link. */
	if (length < 0 || (size_t)length >= sizeof link)
		return length < 0 && (errno == EINVAL || errno == ENOENT);
	link[length] = '\0';
	snprintf(path, sizeof path, "%s%s%s", link[0] == '/' ? "" : place, link[0] == '/' ? "" : "/", link);
	simplify(path);
	char *last = strrchr(path, '/');
	if (last == NULL)
		return true;
	*last++ = '\0';
	if (!is_unit_folder(path) || strcmp(last, name) == 0 || !is_service_name(last))
		return true;
	*target = strdup(last);
	return *target != NULL;
}

static bool add_entry(struct unit_entries *entries, size_t folder, int fd, const struct dirent *entry)
{
	static size_t room;
	if (entries->count == MOST_ENTRIES)
		return false;
	if (entries->count == room) {
		size_t more = room == 0 ? 512 : 2 * room;
		struct unit_entry *list = reallocarray(entries->list, more, sizeof *list);
		if (list == NULL)
			return false;
		entries->list = list;
		room = more;
	}
	char *name = strdup(entry->d_name);
	if (name == NULL)
		return false;
	struct unit_entry added = {.folder = folder, .name = name, .target = NULL};
	bool is_link = entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
	if (is_link && is_service_name(entry->d_name) &&
	    !read_target(fd, unit_folders[folder], entry->d_name, &added.target)) {
		free(name);
		return false;
	}
	entries->list[entries->count++] = added;
	return true;
}

static bool list_folder(struct unit_entries *entries, size_t folder)
{
	DIR *directory = opendir(unit_folders[folder]);
	if (directory == NULL)
		return errno == ENOENT || errno == ENOTDIR;
	bool is_whole = true;
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(directory);
		if (entry == NULL) {
			is_whole = is_whole && errno == 0;
			break;
		}
		if (!is_service_name(entry->d_name) && !ends_with(entry->d_name, ".service.d") &&
		    strcmp(entry->d_name, "service.d") != 0)
			continue;
		is_whole = is_whole && add_entry(entries, folder, dirfd(directory), entry);
	}
	closedir(directory);
	return is_whole;
}

static int compare(const void *one, const void *other)
{
	const struct unit_entry *first = one, *second = other;
	int by_name = strcmp(first->name, second->name);
	return by_name != 0 ? by_name : (first->folder > second->folder) - (first->folder < second->folder);
}

const struct unit_entries *unit_entries_read(const char **path)
{
	static struct unit_entries entries;
	static size_t listed;
	for (; listed < UNIT_FOLDERS; listed++) {
		*path = unit_folders[listed];
		if (!list_folder(&entries, listed))
			return NULL;
		if (listed == UNIT_FOLDERS - 1 && entries.count > 0)
			qsort(entries.list, entries.count, sizeof *entries.list, compare);
	}
	return &entries;
}

/* The place of the first entry that isn't before this one. */
static size_t place_of(const struct unit_entries *entries, const char *name, size_t folder)
{
	size_t from = 0, to = entries->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		struct unit_entry wanted = {.folder = folder, .name = name, .target = NULL};
		if (compare(&entries->list[middle], &wanted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct unit_entry *unit_entry_of(const struct unit_entries *entries, const char *name)
{
	size_t place = place_of(entries, name, 0);
	return place < entries->count && strcmp(entries->list[place].name, name) == 0 ? &entries->list[place] : NULL;
}

bool unit_folder_has(const struct unit_entries *entries, size_t folder, const char *name)
{
	size_t place = place_of(entries, name, folder);
	return place < entries->count && entries->list[place].folder == folder &&
	       strcmp(entries->list[place].name, name) == 0;
}

/* Sets `next` to the next name on the way from an alias to its unit; a template's link serves its instances. */
static bool next_name(const struct unit_entries *entries, const char *name, char next[UNIT_NAME])
{
	char template[UNIT_NAME];
	const struct unit_entry *entry = unit_entry_of(entries, name);
	bool is_by_template = entry == NULL && template_of(name, template);
	if (is_by_template)
		entry = unit_entry_of(entries, template);
	if (entry == NULL || entry->target == NULL)
		return false;
	/* systemd ignores links between names of different kinds, except links from an instance to a template. */
	if (is_template(entry->target) && strchr(name, '@') != NULL)
		return instance_like(entry->target, name, next);
	if (is_by_template || is_template(entry->target) || is_template(name) || !has_same_instance(entry->target, name))
		return false;
	snprintf(next, UNIT_NAME, "%s", entry->target);
	return true;
}

void unit_named(const struct unit_entries *entries, const char *name, char unit[UNIT_NAME])
{
	char next[UNIT_NAME];
	snprintf(unit, UNIT_NAME, "%s", name);
	for (size_t i = 0; i < MOST_LINKS && next_name(entries, unit, next); i++)
		memcpy(unit, next, sizeof next);
}

bool names_add_aliases(const struct unit_entries *entries, const char *unit, struct names *names)
{
	bool is_as_instance = strchr(unit, '@') != NULL && !is_template(unit) && unit_entry_of(entries, unit) == NULL;
	for (size_t i = 0; i < entries->count; i++) {
		const struct unit_entry *entry = &entries->list[i];
		bool is_first = i == 0 || strcmp(entries->list[i - 1].name, entry->name) != 0;
		if (entry->target == NULL || !is_first)
			continue;
		char alias[UNIT_NAME], named[UNIT_NAME];
		snprintf(alias, sizeof alias, "%s", entry->name);
		if (is_template(alias) && is_as_instance && !instance_like(entry->name, unit, alias))
			continue;
		if (strcmp(alias, unit) == 0)
			continue;
		unit_named(entries, alias, named);
		if (strcmp(named, unit) == 0 && !names_add(names, alias))
			return false;
	}
	return true;
}
