#include "control-group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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
	char bytes[1U << 26]; /* more than can be listed in time; pages that aren't written take none */
	size_t length;
	int has_groups; /* one was there, whatever has become of it */
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
		pending.has_groups = 1;
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

static int has_version_2(int folder)
{
	struct statfs shown;
	return fstatfs(folder, &shown) == 0 && shown.f_type == CGROUP2_SUPER_MAGIC;
}

/* Below a folder that is root's alone, groups stay that were made, and nobody else moves a thread from one to another. */
static int is_roots(int folder)
{
	struct stat shown;
	return fstat(folder, &shown) == 0 && shown.st_uid == 0 && (shown.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

int list_group(const char *path, int64_t end, void (*found)(int tid), int *can_move)
{
	int folder = open_folder(AT_FDCWD, path);
	if (folder < 0)
		return is_gone(errno) ? 0 : errno;
	pending.length = 0;
	pending.has_groups = 0;
	int result = enter(folder, end, found);
	if (can_move != NULL)
		*can_move = has_version_2(folder) && (pending.has_groups || !is_roots(folder));
	/* The first mark leads out of the group. */
	while (result == 0 && pending.length > sizeof WAY_UP)
		result = monotonic_time() < end ? go_on(&folder, end, found) : ETIMEDOUT;
	(void)close(folder);
	return result;
}

/* Undoes what mountinfo writes for spaces, line breaks and backslashes (proc_pid_mountinfo(5)). */
static void unescape(char *text)
{
	char *to = text;
	for (const char *from = text; *from != '\0'; to++)
		if (from[0] == '\\' && from[1] != '\0' && from[2] != '\0' && from[3] != '\0') {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	*to = '\0';
}

struct mount {
	int id;
	char root[PATH_MAX], point[PATH_MAX]; /* its root in the file system, and where it is mounted */
};

/* The mount that an open folder is on. Returns 0 or an errno. */
static int find_mount(int folder, struct mount *mount)
{
	char path[64], *line = NULL;
	size_t room = 0;
	int id = -1;
	(void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", folder);
	FILE *file = fopen(path, "re");
	while (file != NULL && id < 0 && getline(&line, &room, file) > 0)
		(void)sscanf(line, "mnt_id: %d", &id);
	if (file != NULL)
		(void)fclose(file);
	file = fopen("/proc/self/mountinfo", "re");
	int found = 0;
	while (file != NULL && id >= 0 && !found && getline(&line, &room, file) > 0)
		found = sscanf(line, "%d %*d %*s %4095s %4095s", &mount->id, mount->root, mount->point) == 3 &&
			mount->id == id;
	if (file != NULL)
		(void)fclose(file);
	free(line);
	unescape(mount->root);
	unescape(mount->point);
	return found ? 0 : EXDEV;
}

static int find_name(int folder, char name[GROUP_NAME_MAX])
{
	static struct mount mount;
	char link[64], path[PATH_MAX];
	int error = find_mount(folder, &mount);
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
	long length = readlink(link, path, sizeof path);
	if (error != 0 || length < 0)
		return error != 0 ? error : errno;
	if (length == sizeof path)
		return ENAMETOOLONG;
	path[length] = '\0';
	size_t point = strcmp(mount.point, "/") == 0 ? 0 : strlen(mount.point);
	if (strncmp(path, mount.point, point) != 0 || (path[point] != '/' && path[point] != '\0'))
		return EXDEV;
	(void)snprintf(name, GROUP_NAME_MAX, "%s%s", strcmp(mount.root, "/") == 0 ? "" : mount.root, path + point);
	return 0;
}

int find_group_name(const char *path, char name[GROUP_NAME_MAX])
{
	int folder = open_folder(AT_FDCWD, path);
	if (folder < 0)
		return errno;
	int error = find_name(folder, name);
	(void)close(folder);
	return error;
}
