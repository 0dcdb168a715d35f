/* The folders of units, each listed once for all units, and the names that their links give to units. */
#ifndef SANDBOX_UNIT_UNIT_FOLDERS_H
#define SANDBOX_UNIT_UNIT_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "unit-name.h"

/* In systemd's order, without the folders of generators. */
#define UNIT_FOLDERS 10
extern const char *const unit_folders[UNIT_FOLDERS];

/* A file, a link or a folder of drop-ins, of a service. */
struct unit_entry {
	size_t folder;
	const char *name;
	const char *target; /* the unit that a link names, if it is in a folder of units by another name; else NULL */
};

/* All of them by their names, and of one name in the order of the folders. */
struct unit_entries {
	struct unit_entry *list;
	size_t count;
};

/* The reason where a folder can't be read whole. */
extern const char unreadable_folder[];

/* Lists the folders, at the first call. Returns NULL if one can't be read whole; `*path` is that one. */
const struct unit_entries *unit_entries_read(const char **path);

/* The first entry of a name, NULL if there is none. */
const struct unit_entry *unit_entry_of(const struct unit_entries *entries, const char *name);

/* Whether a folder has an entry. */
bool unit_folder_has(const struct unit_entries *entries, size_t folder, const char *name);

/* Sets `unit` to the unit that a name stands for: another one if the name is an alias. */
void unit_named(const struct unit_entries *entries, const char *name, char unit[UNIT_NAME]);

/* Adds the other names of a unit. Returns false if there is no room. */
bool names_add_aliases(const struct unit_entries *entries, const char *unit, struct names *names);

#endif
