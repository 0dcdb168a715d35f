#include "groups.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "json.h"

/* The ID of a control group is the number of its directory's inode; 0 where there is none. */
static __u64 id_of(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 ? status.st_ino : 0;
}

/* Cuts a path's last name off. Returns the name, or NULL for a path that has none. */
static const char *cut_name(char *path)
{
	char *slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* Tells the programs the unit's control group and those that it is in. The outermost comes first: from then on the kernel
 * follows what is made in it. */
static void chain_groups(struct ancestor chain[ANCESTORS], const char *group)
{
	__u64 ids[ANCESTORS] = {0};
	char path[4096];
	(void)snprintf(path, sizeof path, "%s", group);
	for (int i = 0; i < ANCESTORS; i++) {
		char name[NAME_SIZE] = {0};
		ids[i] = id_of(path);
		const char *last = cut_name(path);
		if (last == NULL)
			break;
		strncpy(name, last, sizeof name - 1);
		chain[i].name = hash_name(name);
	}
	for (int i = ANCESTORS - 1; i > 0; i--)
		__atomic_store_n(&chain[i].id, ids[i], __ATOMIC_SEQ_CST);
}

/* How deep the unit's control group is, by that which it is made in; 0 where that can't be opened, with errno, or is
 * none of version 2 (EINVAL). */
static __u32 depth_of(const char *group, struct tables *tables)
{
	char path[4096];
	struct statfs status;
	(void)snprintf(path, sizeof path, "%s", group);
	(void)cut_name(path);
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return 0;
	int is_level = fstatfs(directory, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC && find_level(directory);
	(void)close(directory);
	errno = is_level ? errno : EINVAL;
	return is_level ? __atomic_load_n(&tables->state->level, __ATOMIC_SEQ_CST) + 1 : 0;
}

/* Begins with a group that is there, unless the kernel has begun with a newer one. Returns whether it began. */
static int begin_group(struct group *group, const char *path, __u32 depth, __u64 before)
{
	__u64 id = id_of(path);
	if (id == 0 || __atomic_load_n(&group->id, __ATOMIC_SEQ_CST) != before)
		return 0;
	group->level = depth;
	return __atomic_compare_exchange_n(&group->id, &before, id, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void watch_groups(const struct request *request, struct tables *tables)
{
	struct watched *watched = &tables->state->watched;
	for (unsigned int i = 0; i < request->unit_count; i++) {
		struct group *group = &watched->groups[i];
		__u32 depth = depth_of(request->units[i], tables);
		if (depth == 0 && errno == EINVAL)
			refuse("no-cgroup", "%s isn't in a control group of version 2", request->units[i]);
		if (depth == 0)
			refuse("no-cgroup", "the control group that %s is in can't be opened: %s", request->units[i], strerror(errno));
		group->phase = PHASE_SERVING;
		group->phase_number = 1;
		chain_groups(tables->state->ancestors[i], request->units[i]);
		__atomic_store_n(&watched->units, i + 1, __ATOMIC_SEQ_CST);
		(void)begin_group(group, request->units[i], depth, 0);
	}
}

static void find_moved_group(const char *path, unsigned int index, struct tables *tables)
{
	struct group *group = &tables->state->watched.groups[index];
	struct ancestor *chain = tables->state->ancestors[index];
	char parent[4096];
	__u64 before = __atomic_load_n(&group->id, __ATOMIC_SEQ_CST), id = id_of(path);
	(void)snprintf(parent, sizeof parent, "%s", path);
	(void)cut_name(parent);
	__u64 parent_id = id_of(parent);
	if (parent_id == 0 || (parent_id == chain[1].id && (id == 0 || id == before)))
		return;
	if (id_of(path) != id || id_of(parent) != parent_id)
		return;
	__u32 depth = depth_of(path, tables);
	if (depth == 0)
		return;
	chain_groups(chain, path);
	if (id == 0 || id == before || !begin_group(group, path, depth, before))
		return;
	group->phase = PHASE_START;
	__atomic_fetch_add(&group->phase_number, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&tables->units[index].lives, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&tables->units[index].lost[LOST_GROUPS], 1, __ATOMIC_SEQ_CST);
}

void find_moved_groups(const struct request *request, struct tables *tables)
{
	for (unsigned int i = 0; i < request->unit_count; i++)
		find_moved_group(request->units[i], i, tables);
}
