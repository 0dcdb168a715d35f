#include "control-group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hosted/monotonic.h"

/* Whether an errno is that of a group which ends while it is looked at. */
static int is_gone(int error)
{
	return error == ENOENT || error == ENODEV;
}

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Calls `found` with the number of each line. */
static int read_numbers(FILE *file, void (*found)(int tid))
{
	char line[32];
	while (fgets(line, sizeof line, file) != NULL) {
		char *rest = NULL;
		long number = strtol(line, &rest, 10);
		if (rest == line || *rest != '\n' || number < 0 || number >= TID_LIMIT)
			return EIO;
		found((int)number);
	}
	return ferror(file) ? errno : 0;
}

/* Lists a group's own threads. The file has another name in version 1 of control groups. */
static int list_threads(int folder, void (*found)(int tid))
{
	int fd = openat(folder, "cgroup.threads", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fd = openat(folder, "tasks", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL)
		return errno;
	int result = read_numbers(file, found);
	fclose(file);
	return result;
}

static int is_group(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/*
 * Names of the groups that are still to be looked at, the next last. Those that lie side by side in one folder come
 * after a mark that leads back up from there. Groups may be nested deeper than there are descriptors, or than a path
 * is long.
 */
static struct {
	char bytes[1U << 26]; /* more than can be listed in time; pages that aren't written take no memory */
	size_t length;
} pending;

/* The mark, which is no group's name. */
#define WAY_UP ""

/* Returns 0, or an errno where there is no room for the name. */
static int push(const char *name)
{
	size_t size = strlen(name) + 1;
	if (size > sizeof pending.bytes - pending.length)
		return ETIMEDOUT;
	memcpy(pending.bytes + pending.length, name, size);
	pending.length += size;
	return 0;
}

/* The name stays in its place until the next is pushed. */
static const char *pop(void)
{
	pending.length--;
	while (pending.length > 0 && pending.bytes[pending.length - 1] != '\0')
		pending.length--;
	return pending.bytes + pending.length;
}

static int push_groups(DIR *entries, int64_t end)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(entries);
		if (entry == NULL)
			return errno;
		if (!is_group(entry))
			continue;
		int result = monotonic_time() < end ? push(entry->d_name) : ETIMEDOUT;
		if (result != 0)
			return result;
	}
}

static int push_below(int folder, int64_t end)
{
	int fd = open_folder(folder, ".");
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	if (entries == NULL)
		return errno;
	int result = push_groups(entries, end);
	closedir(entries);
	return result;
}

/* Lists a group's own threads, and leaves those below it, and the way back, to be looked at. */
static int enter(int folder, int64_t end, void (*found)(int tid))
{
	int result = push(WAY_UP);
	if (result != 0)
		return result;
	result = list_threads(folder, found);
	if (result == 0)
		result = push_below(folder, end);
	return is_gone(result) ? 0 : result;
}

/* Goes from a group to the next. ".." leads back to the folder that it came from: control groups can't be moved. */
static int go_on(int *folder, int64_t end, void (*found)(int tid))
{
	const char *name = pop();
	int is_up = name[0] == '\0';
	int next = open_folder(*folder, is_up ? ".." : name);
	if (next < 0)
		return is_gone(errno) && !is_up ? 0 : errno;
	(void)close(*folder);
	*folder = next;
	return is_up ? 0 : enter(next, end, found);
}

int list_group(const char *path, int64_t end, void (*found)(int tid))
{
	int folder = open_folder(AT_FDCWD, path);
	if (folder < 0)
		return is_gone(errno) ? 0 : errno;
	pending.length = 0;
	int result = enter(folder, end, found);
	/* The first mark leads out of the group. */
	while (result == 0 && pending.length > sizeof WAY_UP)
		result = monotonic_time() < end ? go_on(&folder, end, found) : ETIMEDOUT;
	(void)close(folder);
	return result;
}
