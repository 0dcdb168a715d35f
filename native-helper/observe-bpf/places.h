/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Where files are. bpf_d_path() is for programs that the kernel's trampolines call; this walk works in all. */
#ifndef SANDBOX_UNIT_PLACES_H
#define SANDBOX_UNIT_PLACES_H

#define NAME_MAX_SIZE 256 /* of a component, with the NUL */
#define MOUNTS 8	  /* in one another, by which a path is told from others */
#define COMPONENTS 48	  /* on the way to the root, at most; a mount is one, too */

/* A mount without a namespace is the kernel's own, as that of memfd_create(). Its namespace is an error's number. */
#define IS_ERROR(pointer) ((__u64)(pointer) > (__u64)-4096)

/* Adds a name. Returns whether it had room. */
static __always_inline int add_name(struct place *place, const unsigned char *name)
{
	__u32 at = place->length;
	if (at > sizeof place->names - NAME_MAX_SIZE)
		return 0;
	long size = bpf_probe_read_kernel_str(&place->names[at], NAME_MAX_SIZE, name);
	if (size <= 0)
		return 0;
	place->length = at + (size & (2 * NAME_MAX_SIZE - 1));
	return 1;
}

/* Where a walk is: a dentry, in a mount. */
struct stage {
	struct dentry *dentry;
	struct mount *mount;
	struct place *place;
};

/* Goes to the dentry above, for bpf_loop(), whose rounds the verifier follows once and not each. Returns 1 at the end. */
static long walk_up(__u32 round, struct stage *at)
{
	struct dentry *dentry = at->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mount = at->mount;
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount) {
			at->place->whole = !IS_ERROR(BPF_CORE_READ(mount, mnt_ns)) ||
					   add_name(at->place, BPF_CORE_READ(dentry, d_name.name));
			return 1;
		}
		at->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		at->mount = above;
		return 0;
	}
	if (!add_name(at->place, BPF_CORE_READ(dentry, d_name.name)))
		return 1;
	at->dentry = parent;
	return 0;
}

/* Walks from a file to the root of its mount namespace. The root of a process that called chroot() is on the way. */
__noinline int walk(struct place *place, __u64 first, __u64 vfsmount)
{
	if (!place)
		return 0;
	struct stage at = {
		.dentry = (void *)first,
		.mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt),
		.place = place,
	};
	place->length = 0;
	bpf_loop(COMPONENTS, walk_up, &at, 0);
	return 0;
}

static __always_inline __u64 hash_mounts(struct mount *mount)
{
	__u64 hash = 0;
	for (int i = 0; i < MOUNTS; i++) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount)
			break;
		hash = (hash + BPF_CORE_READ(mount, mnt_mountpoint, d_inode, i_ino)) * KEY;
		mount = above;
	}
	return hash;
}

/* The file at a dentry, by the path that a walk from there has. */
static __always_inline void identify(struct file_id *id, __u64 at, __u64 vfsmount)
{
	struct dentry *dentry = (void *)at;
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	id->inode = BPF_CORE_READ(inode, i_ino);
	id->parent = BPF_CORE_READ(dentry, d_parent, d_inode, i_ino);
	id->device = BPF_CORE_READ(inode, i_sb, s_dev);
	id->generation = BPF_CORE_READ(inode, i_generation);
	id->mounts = hash_mounts(mount);
}

/* A directory of the current process: its root or its working directory. */
struct directory {
	__u64 dentry, mount;
};
static __always_inline struct directory own_directory(int is_root)
{
	struct fs_struct *fs = BPF_CORE_READ(bpf_get_current_task_btf(), fs);
	if (is_root)
		return (struct directory){(__u64)BPF_CORE_READ(fs, root.dentry), (__u64)BPF_CORE_READ(fs, root.mnt)};
	return (struct directory){(__u64)BPF_CORE_READ(fs, pwd.dentry), (__u64)BPF_CORE_READ(fs, pwd.mnt)};
}

/* Is a file in a directory, or below it? */
__noinline int is_below(__u64 at, __u64 vfsmount, __u64 directory)
{
	struct dentry *dentry = (void *)at;
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	for (int i = 0; i < COMPONENTS; i++) {
		if ((__u64)dentry == directory)
			return 1;
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				return 0;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		dentry = parent;
	}
	return 0;
}

#define WALK(place, file) walk(place, (__u64)BPF_CORE_READ(file, f_path.dentry), (__u64)BPF_CORE_READ(file, f_path.mnt))

#endif
