/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Files and directories, and what was done to them. */
#ifndef SANDBOX_UNIT_PATHS_H
#define SANDBOX_UNIT_PATHS_H

#define TABLE_OF_PATHS(name, key_type)                                                                            \
	struct {                                                                                                  \
		__uint(type, BPF_MAP_TYPE_HASH);                                                                  \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                             \
		__uint(max_entries, PATHS_OF_UNIT);                                                               \
		__type(key, key_type);                                                                            \
		__type(value, struct path_value);                                                                 \
	} name SEC(".maps")

TABLE_OF_PATHS(files, struct file_key);
TABLE_OF_PATHS(directories, struct file_key);
TABLE_OF_PATHS(names, struct name_key);
TABLE_OF_PATHS(changed_directories, struct name_key);

#define EEXIST 17
#define EFAULT 14
#define LONGEST_PATH 4096

/* Room for a name, which the stack has not. A program runs once at a time on a CPU, so that each has its own. */
enum user_of_room { ROOM_RETURN, ROOM_EXEC, ROOMS };
struct room {
	struct name_key key;
	__u32 end;
	char text[LONGEST_PATH + NAME_LENGTH];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROOMS);
	__type(key, __u32);
	__type(value, struct room);
} rooms SEC(".maps");

static const struct path_value no_path;

/* Counts a key in a table of paths. Of a new one it finds out where the file is. */
static __always_inline void count_path(void *table, const void *key, __u32 index, __u64 dentry, __u64 mount)
{
	struct path_value *value = bpf_map_lookup_elem(table, key);
	if (!value) {
		long error = bpf_map_update_elem(table, key, &no_path, BPF_NOEXIST);
		value = bpf_map_lookup_elem(table, key);
		if (!value) {
			struct unit *unit = unit_at(index);
			if (unit)
				lose(unit, LOST_PATHS);
			return;
		}
		/* Another CPU may have been first, and knows the place. */
		if (error != -EEXIST) {
			struct inode *inode = BPF_CORE_READ((struct dentry *)dentry, d_inode);
			value->mode = BPF_CORE_READ(inode, i_mode);
			value->device = BPF_CORE_READ(inode, i_rdev);
			walk(&value->place, dentry, mount);
		}
	}
	__sync_fetch_and_add(&value->count, 1);
	__sync_fetch_and_or(&value->phases, 1U << phase_of(index));
	if (scope != REFUSED_ONLY)
		return;
	struct mark *mark = bpf_task_storage_get(&marks, bpf_get_current_task_btf(), 0, 0);
	if (mark)
		__sync_fetch_and_or(&value->programs, mark->program);
}

__noinline int note_file(__u32 index, enum path_use use, __u64 dentry, __u64 mount)
{
	struct file_key key = {.unit = (__u8)index, .use = (__u8)use};
	identify(&key.file, dentry, mount);
	if (use == USE_CREATE_IN)
		count_path(&directories, &key, index, dentry, mount);
	else
		count_path(&files, &key, index, dentry, mount);
	return 0;
}

#define NOTE_FILE(index, use, file)                                                                               \
	note_file(index, use, (__u64)BPF_CORE_READ(file, f_path.dentry), (__u64)BPF_CORE_READ(file, f_path.mnt))

static __always_inline void clear_name(struct name_key *key)
{
	__u64 *words = (__u64 *)key->name;
	for (__u32 i = 0; i < NAME_LENGTH / sizeof words[0]; i++)
		words[i] = 0;
}

/* Cuts the last component off a name: of a change to a directory only the directory counts. */
__noinline int cut_component(struct room *room, __u32 offset)
{
	if (!room)
		return 0;
	char *name = room->key.name;
	/* In memory the verifier doesn't follow a number. In a register it would follow each slash on its own. */
	volatile __u32 *last = &room->end;
	*last = 0;
	for (__u32 i = 0; i < NAME_LENGTH - 1; i++)
		if (name[i] == '/' && name[i + 1] != '/' && name[i + 1] != '\0')
			*last = i;
	__u32 end = *last & (NAME_LENGTH - 1);
	char first = name[0] == '/' ? '/' : '.';
	clear_name(&room->key);
	if (end == 0)
		name[0] = first;
	else
		bpf_probe_read_kernel(name, end, room->text + WITHIN(offset, LONGEST_PATH));
	return 0;
}

/* Notes the name that a room's text has in `size` bytes. An absolute one is relative to the root of the process, another to a
 * descriptor, or below 0 to the working directory. The room is found here: before Linux 6.2 no function could use memory
 * that it is given as a key. */
__noinline int note_name(enum user_of_room user, __u64 size, int base)
{
	__u32 number = user;
	struct room *room = bpf_map_lookup_elem(&rooms, &number);
	if (!room)
		return 0;
	struct name_key *key = &room->key;
	__u32 index = key->of.unit, offset = size > NAME_LENGTH ? (__u32)size - NAME_LENGTH : 0;
	clear_name(key);
	bpf_probe_read_kernel_str(key->name, NAME_LENGTH, room->text + WITHIN(offset, LONGEST_PATH));
	key->is_cut = offset > 0;
	int is_absolute = room->text[0] == '/';
	if (key->of.use == USE_CHANGE_DIRECTORY)
		cut_component(room, offset);
	struct file *file = is_absolute || base < 0 ? 0 : file_of(bpf_get_current_task_btf(), (__u32)base);
	struct directory directory = own_directory(is_absolute);
	if (file) {
		directory.dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
		directory.mount = (__u64)BPF_CORE_READ(file, f_path.mnt);
	}
	identify(&key->of.file, directory.dentry, directory.mount);
	if (key->of.use == USE_CHANGE_DIRECTORY)
		count_path(&changed_directories, key, index, directory.dentry, directory.mount);
	else
		count_path(&names, key, index, directory.dentry, directory.mount);
	return 0;
}

/* The lowest capability of a set, plus one. */
static __always_inline __u8 lowest(__u64 set)
{
	return set == 0 ? 0 : (__u8)(__builtin_popcountll((set & -set) - 1) + 1);
}

/* Notes whom the kernel refused: a file's mode refuses a user, and a bounding set root. */
static __always_inline void add_refusal(struct file_key *key)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	key->capability = mark ? lowest(mark->lacked) : 0;
	key->is_root = (__u8)is_root(task);
}

static __always_inline struct room *room_for(enum user_of_room user, __u32 index, enum path_use use, __u32 error)
{
	__u32 number = user;
	struct room *room = bpf_map_lookup_elem(&rooms, &number);
	if (room) {
		room->key.of.unit = (__u8)index;
		room->key.of.use = (__u8)use;
		room->key.of.error = (__u16)error;
		if (scope == REFUSED_ONLY)
			add_refusal(&room->key.of);
	}
	return room;
}

/* Notes a name that a call was given. */
__noinline int note_given_name(__u32 index, enum path_use use, __u32 error, __u64 address, int base)
{
	struct room *room = address ? room_for(ROOM_RETURN, index, use, error) : 0;
	if (!room)
		return 0;
	long size = bpf_probe_read_user_str(room->text, LONGEST_PATH, (void *)address);
	/* Without a name fstatat() tells of a file that is open already. */
	if (size == 1 && use == USE_STAT)
		return 0;
	struct unit *unit = size < 0 && error != EFAULT ? unit_at(index) : 0;
	if (unit)
		lose(unit, LOST_MEMORY);
	return size > 0 ? note_name(ROOM_RETURN, (__u64)size, base) : 0;
}

/* Where directives hide files. A name that begins so counts beside the file to which a link leads it. */
#define LONGEST_HIDEABLE 16
static const char hideable[][LONGEST_HIDEABLE] = {"/home/", "/root/", "/run/user/", "/tmp/", "/var/run/user/", "/var/tmp/"};

static __always_inline int is_hideable(const char begin[LONGEST_HIDEABLE])
{
	int is_one = 0;
#pragma unroll
	for (__u32 i = 0; i < sizeof hideable / LONGEST_HIDEABLE; i++) {
		char difference = 0;
#pragma unroll
		for (__u32 k = 0; k < LONGEST_HIDEABLE; k++)
			difference |= hideable[i][k] == '\0' ? 0 : begin[k] ^ hideable[i][k];
		if (difference == 0)
			is_one = 1;
		/* Else clang makes branches of these loops, and the verifier follows each way through them. */
		asm volatile("" : "+r"(difference));
	}
	return is_one;
}

/* The directory that a relative name is relative to. */
static __always_inline __u64 dentry_of_base(int base)
{
	struct file *file = base < 0 ? 0 : file_of(bpf_get_current_task_btf(), (__u32)base);
	return file ? (__u64)BPF_CORE_READ(file, f_path.dentry) : own_directory(0).dentry;
}

/* Notes the name by which a file was found, unless the file tells as much: most names lead where they say, and are left alone
 * for what they cost. */
__noinline int note_asked(__u32 index, __u64 address, int base, __u64 dentry, __u64 mount)
{
	char begin[LONGEST_HIDEABLE] = {};
	if (!address || bpf_probe_read_user_str(begin, sizeof begin, (void *)address) <= 0)
		return 0;
	if (begin[0] == '/' && !is_hideable(begin))
		return 0;
	__u64 directory = begin[0] == '/' ? 0 : dentry_of_base(base);
	if (directory && directory != own_directory(1).dentry && is_below(dentry, mount, directory))
		return 0;
	return note_given_name(index, USE_STAT, 0, address, base);
}

#endif
