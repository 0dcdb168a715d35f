#include "control-group.h"

#include "kernel-trace.h"
#include "text.h"

/* How deep groups may be nested: each level keeps a descriptor open. */
#define DEPTH_MAX 100U

static int is_gone(long result)
{
	return result == -ENOENT || result == -ENODEV;
}

/* Lines of one number each. */
static long read_numbers(long file, void (*found)(int tid))
{
	static char text[4096];
	int number = 0;
	long length = 0;
	while ((length = kernel_read(file, text, sizeof text)) > 0) {
		for (long i = 0; i < length; i++) {
			if (text[i] == '\n') {
				found(number);
				number = 0;
			} else if (text[i] >= '0' && text[i] <= '9' && number < TID_LIMIT) {
				number = 10 * number + (text[i] - '0');
			} else {
				return -EIO;
			}
		}
	}
	return length;
}

/* The file has another name in version 1 of control groups. */
static long list_threads(long folder, void (*found)(int tid))
{
	long file = kernel_openat_in(folder, "cgroup.threads", O_RDONLY | O_CLOEXEC);
	if (file == -ENOENT)
		file = kernel_openat_in(folder, "tasks", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return file;
	long result = read_numbers(file, found);
	(void)kernel_close((uint32_t)file);
	return result;
}

static int is_group(const struct directory_entry *entry)
{
	return entry->type == DT_DIR && !is_equal(entry->name, ".") && !is_equal(entry->name, "..");
}

static long list_below(long folder, unsigned int depth, void (*found)(int tid));

/* A group, and what is below it, by its name in a folder. */
static long list_named(long parent, const char *name, unsigned int depth, void (*found)(int tid))
{
	if (depth == DEPTH_MAX)
		return -ELOOP;
	long folder = kernel_openat_in(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return is_gone(folder) ? 0 : folder;
	long result = list_threads(folder, found);
	if (result == 0)
		result = list_below(folder, depth, found);
	(void)kernel_close((uint32_t)folder);
	return is_gone(result) ? 0 : result;
}

static long list_below(long folder, unsigned int depth, void (*found)(int tid))
{
	_Alignas(struct directory_entry) char entries[2048] = {0};
	long size = 0;
	while ((size = kernel_getdents(folder, entries, sizeof entries)) > 0) {
		const char *end = entries + size;
		const struct directory_entry *entry = NULL;
		for (const char *at = entries; at < end; at += entry->length) {
			entry = (const struct directory_entry *)(const void *)at;
			long result = is_group(entry) ? list_named(folder, entry->name, depth + 1, found) : 0;
			if (result < 0)
				return result;
		}
	}
	return size;
}

long list_group(const char *folder, void (*found)(int tid))
{
	return list_named(AT_FDCWD, folder, 0, found);
}
