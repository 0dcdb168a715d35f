#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MOST (4 << 20) /* bytes of a file: no filter is larger */

static const struct content none = {0};

static bool is_roots(const struct stat *facts)
{
	return facts->st_uid == 0 && (facts->st_mode & 0022) == 0;
}

/* A link to /dev/null, which all may write, stands for an empty file (systemd.unit(5)). */
static bool is_null_device(const struct stat *facts)
{
	return S_ISCHR(facts->st_mode) && facts->st_rdev == makedev(1, 3);
}

static struct content read_open(int fd)
{
	struct stat facts;
	if (fstat(fd, &facts) < 0)
		return none;
	if (is_null_device(&facts))
		return (struct content){.bytes = calloc(1, 1), .size = 0};
	if (!S_ISREG(facts.st_mode) || !is_roots(&facts) || facts.st_size > MOST)
		return none;
	struct content content = {.bytes = malloc((size_t)facts.st_size + 1), .size = 0};
	if (content.bytes == NULL)
		return none;
	while (content.size <= (size_t)facts.st_size) {
		ssize_t count = read(fd, content.bytes + content.size, (size_t)facts.st_size + 1 - content.size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		content.size += (size_t)count;
	}
	if (content.size != (size_t)facts.st_size) {
		free(content.bytes);
		return none;
	}
	content.bytes[content.size] = '\0';
	return content;
}

static struct content read_by(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	if (fd < 0)
		return none;
	struct content content = read_open(fd);
	close(fd);
	return content;
}

struct content read_file(const char *path)
{
	return read_by(path, O_NOFOLLOW);
}

struct content read_linked(const char *path)
{
	return read_by(path, 0);
}

bool is_roots_folder(const char *path)
{
	char part[PATH_MAX];
	if (path[0] != '/' || strlen(path) >= sizeof part)
		return false;
	for (size_t length = strlen(path);; length--) {
		/* The path itself, each folder above it, and at last the root. */
		if (length != 0 && path[length] != '\0' && path[length] != '/')
			continue;
		snprintf(part, sizeof part, "%.*s", length == 0 ? 1 : (int)length, path);
		struct stat facts;
		if (lstat(part, &facts) < 0 || !S_ISDIR(facts.st_mode) || !is_roots(&facts))
			return false;
		if (length == 0)
			return true;
	}
}

bool make_folders(const char *path)
{
	char folder[PATH_MAX];
	if (strlen(path) >= sizeof folder)
		return false;
	for (const char *end = strchr(path + 1, '/'); end != NULL; end = strchr(end + 1, '/')) {
		snprintf(folder, sizeof folder, "%.*s", (int)(end - path), path);
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t count = write(fd, bytes + done, size - done);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		done += (size_t)count;
	}
	return true;
}

/* Opens a file that isn't there, whatever has been left at its path, and makes the folders above it if they are missing. */
static int create(const char *path, mode_t mode)
{
	static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags, mode);
	if (fd < 0 && errno == ENOENT && make_folders(path))
		fd = open(path, flags, mode);
	else if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, mode);
	return fd;
}

/* Whether a regular file of root's own, with this content and mode, is at a path. */
static bool is_written_already(const char *path, const char *bytes, size_t size, mode_t mode)
{
	struct stat facts;
	if (lstat(path, &facts) < 0 || facts.st_mode != (S_IFREG | mode))
		return false;
	struct content there = read_file(path);
	bool is_same = there.bytes != NULL && there.size == size && memcmp(there.bytes, bytes, size) == 0;
	free(there.bytes);
	return is_same;
}

bool write_file(const char *path, const char *bytes, size_t size, mode_t mode)
{
	/* A file that is written anew counts as changed since a service started, by its times and those of its folder. */
	if (is_written_already(path, bytes, size, mode))
		return true;
	char temporary[PATH_MAX];
	int length = snprintf(temporary, sizeof temporary, "%s.new", path);
	if (length < 0 || (size_t)length >= sizeof temporary)
		return false;
	int fd = create(temporary, mode);
	if (fd < 0)
		return false;
	bool is_written = write_all(fd, bytes, size) && fchmod(fd, mode) == 0;
	is_written = close(fd) == 0 && is_written && rename(temporary, path) == 0;
	if (!is_written)
		(void)unlink(temporary);
	return is_written;
}
