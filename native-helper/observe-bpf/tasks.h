/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The current task: the call that it makes, its files, and the program that it runs. */
#ifndef SANDBOX_UNIT_TASKS_H
#define SANDBOX_UNIT_TASKS_H

/* An argument of a call, from 0 to 5. */
static __always_inline __u64 argument(const struct pt_regs *regs, __u32 abi, __u32 index)
{
#ifdef __TARGET_ARCH_x86
	int is_compat = abi == ABI_COMPAT;
	__u64 value = index == 0   ? (is_compat ? BPF_CORE_READ(regs, bx) : BPF_CORE_READ(regs, di))
		      : index == 1 ? (is_compat ? BPF_CORE_READ(regs, cx) : BPF_CORE_READ(regs, si))
		      : index == 2 ? BPF_CORE_READ(regs, dx)
		      : index == 3 ? (is_compat ? BPF_CORE_READ(regs, si) : BPF_CORE_READ(regs, r10))
		      : index == 4 ? (is_compat ? BPF_CORE_READ(regs, di) : BPF_CORE_READ(regs, r8))
				   : (is_compat ? BPF_CORE_READ(regs, bp) : BPF_CORE_READ(regs, r9));
	return is_compat ? (__u32)value : value;
#else
	/* When the call returns, regs[0] has its result. */
	__u64 value = index == 0   ? BPF_CORE_READ(regs, orig_x0)
		      : index == 1 ? BPF_CORE_READ(regs, regs[1])
		      : index == 2 ? BPF_CORE_READ(regs, regs[2])
		      : index == 3 ? BPF_CORE_READ(regs, regs[3])
		      : index == 4 ? BPF_CORE_READ(regs, regs[4])
				   : BPF_CORE_READ(regs, regs[5]);
	return abi == ABI_COMPAT ? (__u32)value : value;
#endif
}

/* The number of the call that a task is in, as its ABI's caller gave it. */
static __always_inline __u32 number_in(const struct pt_regs *regs)
{
#ifdef __TARGET_ARCH_x86
	return (__u32)BPF_CORE_READ(regs, orig_ax);
#else
	return (__u32)BPF_CORE_READ(regs, syscallno);
#endif
}

#define TS_COMPAT 2	    /* arch/x86/include/asm/thread_info.h; also for int $0x80 in a 64-bit program */
#define TIF_32BIT (1UL << 22) /* arch/arm64/include/asm/thread_info.h */

static __always_inline __u32 abi_of(struct task_struct *task, __u32 number)
{
#ifdef __TARGET_ARCH_x86
	if (task->thread_info.status & TS_COMPAT)
		return ABI_COMPAT;
	return (number & X32_BIT) && (int)number >= 0 ? ABI_X32 : ABI_NATIVE;
#else
	return task->thread_info.flags & TIF_32BIT ? ABI_COMPAT : ABI_NATIVE;
#endif
}

/* Where a call stands in the tables, or NO_SLOT. */
static __always_inline __u32 slot_of(__u32 abi, __u32 number)
{
	if (abi == ABI_X32)
		number &= ~X32_BIT;
#ifndef __TARGET_ARCH_x86
	if (abi == ABI_COMPAT && number >= ARM_PRIVATE && number < ARM_PRIVATE + ARM_PRIVATE_SLOTS)
		number = number - ARM_PRIVATE + SLOTS - ARM_PRIVATE_SLOTS;
#endif
	return number < SLOTS ? abi * SLOTS + number : NO_SLOT;
}

static __always_inline struct file *file_of(struct task_struct *task, __u32 descriptor)
{
	struct file *file = 0, **table;
	struct fdtable *descriptors = BPF_CORE_READ(task, files, fdt);
	if (descriptor >= BPF_CORE_READ(descriptors, max_fds))
		return 0;
	table = BPF_CORE_READ(descriptors, fd);
	bpf_probe_read_kernel(&file, sizeof file, table + descriptor);
	return file;
}

/* A program by its file: a number of an inode may be used again, with another generation. Never 0. */
static __always_inline __u64 key_of_file(__u64 number, __u32 generation, __u32 device)
{
	__u64 key = number + ((__u64)generation << 32 | device) * KEY;
	return key != 0 ? key : KEY;
}

/* The program that a task runs; 0 for a task without one. */
static __always_inline __u64 program_key(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	if (!mm)
		return 0;
	struct file *file = mm->exe_file;
	if (!file)
		return 0;
	struct inode *inode = file->f_inode;
	return key_of_file(inode->i_ino, inode->i_generation, inode->i_sb->s_dev);
}

/* Does a program set services up? Then its calls aren't the service's. So are those of a task without one. */
static __always_inline int sets_up(__u64 program)
{
	if (program == 0)
		return 1;
	for (int i = 0; i < SETUPS && state.setups[i] != 0; i++)
		if (state.setups[i] == program)
			return 1;
	return 0;
}

/* Does a task open files as root? */
static __always_inline int is_root(struct task_struct *task)
{
	return BPF_CORE_READ(task, real_cred, fsuid.val) == 0;
}

/* Is it a program that sets services up, and that they may execute themselves? */
static __always_inline int is_launcher(__u64 program)
{
	for (int i = 0; i < SETUPS; i++)
		if (state.setups[i] == program)
			return (int)(state.launchers >> i & 1);
	return 0;
}

#define SYSCALL_WORK_SYSCALL_TRACE (1UL << 2) /* include/linux/thread_info.h */
#define TIF_SYSCALL_TRACE (1UL << 8)	      /* arch/arm64/include/asm/thread_info.h */

/* Does a task stop at each of its calls, for who traces it? */
static __always_inline int stops_at_calls(struct task_struct *task)
{
	if (task->ptrace == 0)
		return 0;
#ifdef __TARGET_ARCH_x86
	return (task->thread_info.syscall_work & SYSCALL_WORK_SYSCALL_TRACE) != 0;
#else
	return (task->thread_info.flags & TIF_SYSCALL_TRACE) != 0;
#endif
}

/* Is a task made to make its call by a program that loads a filter into the service? Then the call isn't the service's. For a
 * launcher a program stops, too, and makes its calls itself. */
static __always_inline int is_made_to_call(struct task_struct *task)
{
	if (!stops_at_calls(task))
		return 0;
	__u64 tracer = program_key(task->parent);
	return tracer != 0 && sets_up(tracer) && !is_launcher(tracer);
}

/* Run by `observe`, which has opened the programs: from file descriptors to keys. */
SEC("raw_tp/enrol")
int enrol(void *context)
{
	for (int i = 0; i < SETUPS; i++) {
		if (state.setups[i] == 0)
			continue;
		struct file *file = file_of(bpf_get_current_task_btf(), (__u32)state.setups[i]);
		struct inode *inode = BPF_CORE_READ(file, f_inode);
		state.setups[i] = key_of_file(BPF_CORE_READ(inode, i_ino), BPF_CORE_READ(inode, i_generation),
					BPF_CORE_READ(inode, i_sb, s_dev));
	}
	return 0;
}

#endif
