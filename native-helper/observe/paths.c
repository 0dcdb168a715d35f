#include "paths.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "names.h"

/* Of the kernel's dev_t: linux/kdev_t.h. */
#define MINOR_BITS 20

struct path {
	char bytes[sizeof(struct place) + NAME_LENGTH + 1];
	size_t size;
};

static void add_bytes(struct path *path, const char *bytes, size_t size)
{
	if (size > sizeof path->bytes - path->size)
		size = sizeof path->bytes - path->size;
	memcpy(path->bytes + path->size, bytes, size);
	path->size += size;
}

/* Puts a place's names in the order of a path. */
static void add_place(struct path *path, const struct place *place)
{
	for (size_t end = place->length; end > 0 && end <= sizeof place->names;) {
		size_t begin = end - 1;
		while (begin > 0 && place->names[begin - 1] != '\0')
			begin--;
		add_bytes(path, "/", 1);
		add_bytes(path, place->names + begin, end - 1 - begin);
		end = begin;
	}
}

/* Adds a name below a directory, without the components that lead nowhere. */
static void add_name(struct path *path, const char *name)
{
	while (*name != '\0') {
		size_t size = strcspn(name, "/");
		if (size > 0 && !(size == 1 && name[0] == '.')) {
			add_bytes(path, "/", 1);
			add_bytes(path, name, size);
		}
		name += size;
		name += *name == '/';
	}
}

static void print_path_text(const struct path *path)
{
	print_text(path->size == 0 ? "/" : path->bytes, path->size == 0 ? 1 : path->size);
}

void print_name(const struct place *base, const char *name)
{
	struct path path = {.size = 0};
	add_place(&path, base);
	add_name(&path, name);
	print_path_text(&path);
}

static void print_device(const struct path_value *value)
{
	const char *kind = S_ISCHR(value->mode) ? "char" : S_ISBLK(value->mode) ? "block" : NULL;
	if (kind != NULL)
		printf(",\"device\":\"%s %u:%u\"", kind, value->device >> MINOR_BITS, value->device & ((1U << MINOR_BITS) - 1));
}

/* Prints a record. Its key has a name only where `name` isn't NULL. */
static void print_path(const struct name_key *key, const char *name, const struct path_value *value)
{
	printf("{\"use\":\"%s\",\"phases\":%u,\"path\":", path_use_names[key->of.use % PATH_USES], value->phases);
	print_name(&value->place, name == NULL ? "" : name);
	printf(",\"count\":%llu", (unsigned long long)value->count);
	if (key->of.error != 0)
		printf(",\"errno\":%u", key->of.error);
	if (value->programs != 0)
		printf(",\"programs\":%u", value->programs);
	if (key->of.capability != 0)
		printf(",\"lacked\":%u", key->of.capability - 1U);
	if (key->of.is_root)
		printf(",\"root\":true");
	if (name == NULL)
		print_device(value);
	if ((name != NULL && key->is_cut) || !value->place.whole)
		printf(",\"cut\":true");
	printf("}");
}

void print_paths(const struct tables *tables, unsigned int index)
{
	int is_first = 1;
	printf(",\"paths\":[");
	for (int i = 0; i < PATH_TABLES; i++) {
		struct name_key key = {0}, next = {0};
		struct path_value value;
		const void *before = NULL;
		int map = tables->paths[i];
		while (bpf_map_get_next_key(map, before, &next) == 0) {
			key = next;
			before = &key;
			if (key.of.unit != index || bpf_map_lookup_elem(map, &key, &value) != 0)
				continue;
			print_comma(&is_first);
			print_path(&key, i >= FIRST_NAMES ? key.name : NULL, &value);
		}
	}
	printf("]");
}
