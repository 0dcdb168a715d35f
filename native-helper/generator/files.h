/* Files that only root can change, read and written whole. */
#ifndef SANDBOX_UNIT_FILES_H
#define SANDBOX_UNIT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A file's content, with a NUL behind it; NULL if it can't be read, is too large, or others than root can change it. */
struct content {
	char *bytes;
	size_t size;
};

/* Reads a regular file, not through a link at the path's end. */
struct content read_file(const char *path);

/* Reads what a path leads to, links included: systemd follows them, too. */
struct content read_linked(const char *path);

/* Whether only root can change a folder's entries, and those of all folders above it. */
bool is_roots_folder(const char *path);

/* Makes the folders above a path. */
bool make_folders(const char *path);

/* Writes a file whole or not at all, and the folders above it. A file that is already so stays as it is, its times included. */
bool write_file(const char *path, const char *bytes, size_t size, mode_t mode);

#endif
