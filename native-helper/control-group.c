#include "control-group.h"

#include "kernel-trace.h"
#include "text.h"

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

/*
 * What is still to be looked at, the next last: names of groups that lie side by side in one folder, after a mark that
 * leads back up from there. Groups may be nested deeper than there are descriptors, and than any path is long.
 */
static struct {
	char bytes[1U << 26]; /* as many as are made in the time that there is; pages that aren't written take no memory */
	size_t length;
} pending;

/* The mark: no group is called so. */
#define WAY_UP ""

/* Returns whether there was room for it. */
static int push(const char *name)
{
	size_t length = pending.length;
	do {
		if (length == sizeof pending.bytes)
			return 0;
		pending.bytes[length++] = *name;
	} while (*name++ != '\0');
	pending.length = length;
	return 1;
}

/* It stays there until the next is pushed. */
static const char *pop(void)
{
	pending.length--;
	while (pending.length > 0 && pending.bytes[pending.length - 1] != '\0')
		pending.length--;
	return pending.bytes + pending.length;
}

static long push_groups(const char *entries, long size)
{
	const struct directory_entry *entry = NULL;
	for (const char *at = entries; at < entries + size; at += entry->length) {
		entry = (const struct directory_entry *)(const void *)at;
		if (is_group(entry) && !push(entry->name))
			return -ETIMEDOUT;
	}
	return 0;
}

static long push_below(long folder, int64_t end)
{
	_Alignas(struct directory_entry) char entries[2048] = {0};
	long size = 0;
	while ((size = kernel_getdents(folder, entries, sizeof entries)) > 0) {
		long result = kernel_time() < end ? push_groups(entries, size) : -ETIMEDOUT;
		if (result < 0)
			return result;
	}
	return size;
}

/* Lists a group's own threads, and leaves those below it, and the way back, to be looked at. */
static long enter(long folder, int64_t end, void (*found)(int tid))
{
	if (!push(WAY_UP))
		return -ETIMEDOUT;
	long result = list_threads(folder, found);
	if (result == 0)
		result = push_below(folder, end);
	return is_gone(result) ? 0 : result;
}

/* Goes from a group to the next, which takes its place. A group keeps its folder: control groups can't be moved. */
static long go_on(long *folder, int64_t end, void (*found)(int tid))
{
	const char *name = pop();
	int is_up = name[0] == '\0';
	long next = kernel_openat_in(*folder, is_up ? ".." : name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (next < 0)
		return is_gone(next) && !is_up ? 0 : next;
	(void)kernel_close((uint32_t)*folder);
	*folder = next;
	return is_up ? 0 : enter(next, end, found);
}

long list_group(const char *path, int64_t end, void (*found)(int tid))
{
	long folder = kernel_openat(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return is_gone(folder) ? 0 : folder;
	pending.length = 0;
	long result = enter(folder, end, found);
	/* The first mark leads out of the group. */
	while (result == 0 && pending.length > sizeof WAY_UP)
		result = kernel_time() < end ? go_on(&folder, end, found) : -ETIMEDOUT;
	(void)kernel_close((uint32_t)folder);
	return result;
}
