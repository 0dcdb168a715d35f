/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Types of the kernel, with no more members than are used: CO-RE finds where the running kernel has them. */
#ifndef SANDBOX_UNIT_KERNEL_TYPES_H
#define SANDBOX_UNIT_KERNEL_TYPES_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#ifdef __TARGET_ARCH_x86
struct pt_regs {
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax;
};
struct thread_info {
	unsigned int status;
	unsigned long syscall_work;
};
#else
struct pt_regs {
	unsigned long regs[31], orig_x0;
	int syscallno;
};
struct thread_info {
	unsigned long flags;
};
#endif

struct cgroup_subsys_state {
	struct cgroup_subsys_state *parent;
};
struct kernfs_node {
	unsigned long long id;
	const char *name;
};
struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[]; /* from the root on */
};
struct css_set {
	struct cgroup *dfl_cgrp;
};
struct bpf_iter__cgroup {
	struct cgroup *cgroup;
};

struct super_block {
	unsigned int s_dev;
};
struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	unsigned int i_rdev, i_generation;
	struct super_block *i_sb;
};
struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mnt_namespace;
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	unsigned int f_mode, f_flags;
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	int umask;
	struct path root, pwd;
};
struct mm_struct {
	struct file *exe_file;
};
struct signal_struct {
	unsigned int flags;
};
typedef struct {
	unsigned int val;
} kuid_t;
struct cred {
	kuid_t fsuid;
};
typedef struct {
	int counter;
} atomic_t;
struct seccomp {
	int mode;
	atomic_t filter_count;
};
struct task_struct {
	struct thread_info thread_info;
	int exit_code;
	unsigned int ptrace;
	struct task_struct *parent; /* who traces it, if somebody does */
	struct signal_struct *signal;
	const struct cred *real_cred;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	struct css_set *cgroups;
	struct seccomp seccomp;
};
struct io_kiocb {
	unsigned char opcode;
};
struct linux_binprm {
	struct file *file;
	const char *filename, *interp;
};

struct in6_addr {
	unsigned char bytes[16];
};
struct sock_common {
	unsigned short skc_family;
	unsigned int skc_daddr;
	struct in6_addr skc_v6_daddr;
};
struct sock {
	struct sock_common __sk_common;
};
struct socket {
	short type;
	struct sock *sk;
};

#pragma clang attribute pop

#endif
