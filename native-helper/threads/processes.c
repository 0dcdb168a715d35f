#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control-group.h"
#include "hosted/monotonic.h"
#include "thread-stat.h"

/* The kernel's entries of a folder are those of <dirent.h> on machines of 64 bits. */
union entries {
	struct dirent first;
	char bytes[1U << 15];
};

/* Room for any one entry, and for just one that is named by an ID: more than a half of the longest, which has 7 digits. */
#define ONE_NAME (offsetof(struct dirent, d_name) + NAME_MAX + 1 + 7)
#define ONE_ID 32

static long read_entries(int folder, union entries *entries, size_t room)
{
	return syscall(SYS_getdents64, folder, entries, room);
}

static const struct dirent *entry_at(const union entries *entries, long offset)
{
	return (const void *)(entries->bytes + offset);
}

/* The number that an entry's name is, or 0 where it is none. */
static int number_of(const struct dirent *entry)
{
	char *rest = NULL;
	if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
		return 0;
	long number = strtol(entry->d_name, &rest, 10);
	return *rest == '\0' && number < TID_LIMIT ? (int)number : 0;
}

/* Goes to the first entry of /proc that is a process. */
static int go_to_processes(int proc)
{
	static union entries entries;
	off_t place = 0;
	long size = 0;
	while ((size = read_entries(proc, &entries, ONE_NAME)) > 0)
		for (long at = 0; at < size; at += entry_at(&entries, at)->d_reclen) {
			if (number_of(entry_at(&entries, at)) != 0)
				return lseek(proc, place, SEEK_SET) < 0 ? errno : 0;
			place = entry_at(&entries, at)->d_off;
		}
	return size < 0 ? errno : ENOENT;
}

/*
 * The next process, or 0 behind the last, or -1. One is asked for at a time: a child of one that ends before it is looked
 * at has an ID that is still to come.
 */
static int next_process(int proc)
{
	static union entries entries;
	long size = read_entries(proc, &entries, ONE_ID);
	if (size <= 0)
		return (int)size;
	int pid = number_of(&entries.first);
	if (pid == 0)
		errno = EIO;
	return pid > 0 ? pid : -1;
}

static int is_gone(int error)
{
	return error == ENOENT || error == ESRCH;
}

/* Threads may come and go meanwhile: behind those that stand still a next one is always seen. */
static int list_tasks(int proc, int pid, void (*found)(int pid, int tid))
{
	static union entries entries;
	char path[32];
	long size = 0;
	(void)snprintf(path, sizeof path, "%d/task", pid);
	int folder = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return is_gone(errno) ? 0 : errno;
	while ((size = read_entries(folder, &entries, sizeof entries)) > 0)
		for (long at = 0; at < size; at += entry_at(&entries, at)->d_reclen)
			if (number_of(entry_at(&entries, at)) != 0)
				found(pid, number_of(entry_at(&entries, at)));
	int result = size < 0 && !is_gone(errno) ? errno : 0;
	(void)close(folder);
	return result;
}

/*
 * Processes outside of the group, by their IDs. Nobody but root moves them into it, and no ID is given again before all
 * others were.
 */
static uint8_t strangers[TID_LIMIT / 8];

static int is_stranger(int pid)
{
	return strangers[pid / 8] >> pid % 8 & 1;
}

static int is_kernels(int pid)
{
	struct thread_stat stat;
	return read_thread_stat(pid, &stat) == 0 && stat.is_worker;
}

/*
 * A child seems to be in the root group until it has its parent's. A manager's child may be about to go into the group
 * of a unit, and become its process.
 */
static void note_stranger(int pid, const char *path)
{
	static const char of_manager[] = "/init.scope\n";
	size_t length = strcspn(path, "\n") + 1;
	int is_root = length == 2 || strncmp(path, "/..", 3) == 0;
	int is_manager = length >= sizeof of_manager - 1 &&
			 strncmp(path + length - (sizeof of_manager - 1), of_manager, sizeof of_manager - 1) == 0;
	if (is_root ? is_kernels(pid) : !is_manager)
		strangers[pid / 8] |= (uint8_t)(1U << pid % 8);
}

/* As long a time in nanoseconds is too short for all IDs to be given. */
#define TIME_OF_IDS 200000000

/*
 * Looks at the ID that was given last. Sets `is_anew` where IDs may have begun anew since the last look: by a lower one,
 * or by the time that has passed. Returns 0 or an errno.
 */
static int look_at_ids(int proc, int *is_anew)
{
	static long last;
	static int64_t since;
	char text[256];
	int64_t begun = monotonic_time();
	int error = read_text(proc, "loadavg", text, sizeof text);
	const char *word = strrchr(text, ' ');
	if (error != 0 || word == NULL)
		return error != 0 ? error : EIO;
	long id = strtol(word, NULL, 10);
	if (id < last || monotonic_time() - since > TIME_OF_IDS) {
		memset(strangers, 0, sizeof strangers);
		*is_anew = 1;
	}
	last = id;
	since = begun;
	return 0;
}

/* Processes between two looks at the IDs. */
#define LOOK_EVERY 256

enum place { OUTSIDE, INSIDE, UNNAMED };

/* Where a process is. The line of version 2 begins with "0::", and no group's name has a line break in it. */
static int find_place(int proc, int pid, const char *name, enum place *place)
{
	static char text[1U << 17];
	char path[32];
	(void)snprintf(path, sizeof path, "%d/cgroup", pid);
	int error = read_text(proc, path, text, sizeof text);
	*place = OUTSIDE;
	if (error != 0 && error != ENAMETOOLONG)
		return is_gone(error) ? 0 : error;
	const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (line == NULL) {
		*place = UNNAMED;
		return 0;
	}
	const char *shown = strchr(line, '/');
	size_t length = strlen(name);
	if (shown == NULL)
		*place = UNNAMED;
	else if (strncmp(shown, name, length) == 0 && (shown[length] == '/' || shown[length] == '\n'))
		*place = INSIDE;
	else
		note_stranger(pid, shown);
	return 0;
}

static int look_at(int proc, int pid, const char *name, const struct process_listing *listing)
{
	enum place place;
	int error = find_place(proc, pid, name, &place);
	if (error != 0 || place == OUTSIDE)
		return error;
	return list_tasks(proc, pid, place == INSIDE ? listing->found : listing->unnamed);
}

static int look_at_all(int proc, int64_t end, const char *name, const struct process_listing *listing)
{
	int pid = 0, is_anew = 0;
	int error = go_to_processes(proc);
	for (int count = 0; error == 0 && (pid = next_process(proc)) > 0; count++) {
		if (monotonic_time() >= end)
			error = ETIMEDOUT;
		else if (count % LOOK_EVERY == 0)
			error = look_at_ids(proc, &is_anew);
		if (error == 0 && !is_stranger(pid))
			error = look_at(proc, pid, name, listing);
	}
	if (error == 0 && pid < 0)
		error = errno;
	if (error == 0)
		error = look_at_ids(proc, &is_anew);
	return error == 0 && is_anew ? EAGAIN : error;
}

int list_processes(const char *group, int64_t end, const struct process_listing *listing)
{
	static char name[GROUP_NAME_MAX], before[GROUP_NAME_MAX];
	int error = find_group_name(group, name);
	if (error != 0)
		return is_gone(error) ? 0 : error;
	if (strcmp(name, before) != 0)
		memset(strangers, 0, sizeof strangers);
	(void)strcpy(before, name);
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return errno;
	error = look_at_all(proc, end, name, listing);
	(void)close(proc);
	return error;
}
