/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Where files are. bpf_d_path() is for programs that the kernel's trampolines call; this walk works in all. */
#ifndef SANDBOX_UNIT_PLACES_H
#define SANDBOX_UNIT_PLACES_H

#define NAME_MAX_SIZE 256 /* of a component, with the NUL */
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

/* Walks from a file to the root of its mount namespace, also for a process that has made a directory its root: systemd's
 * directives take paths as they are without that. */
__noinline int walk(struct place *place, __u64 first, __u64 vfsmount)
{
	if (!place)
		return 0;
	struct dentry *dentry = (void *)first;
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	place->length = 0;
	for (int i = 0; i < COMPONENTS; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount) {
				place->whole = !IS_ERROR(BPF_CORE_READ(mount, mnt_ns)) ||
					       add_name(place, BPF_CORE_READ(dentry, d_name.name));
				return 0;
			}
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (!add_name(place, BPF_CORE_READ(dentry, d_name.name)))
			return 0;
		dentry = parent;
	}
	return 0;
}

#define WALK(place, file) walk(place, (__u64)BPF_CORE_READ(file, f_path.dentry), (__u64)BPF_CORE_READ(file, f_path.mnt))

#endif
