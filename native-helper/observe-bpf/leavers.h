/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Processes that others move out of a unit's control group, as a login is moved into its session. Filters, mounts and
 * capabilities of the unit go with them. Where refused calls alone are looked at, theirs are, too; else they are counted.
 */
#ifndef SANDBOX_UNIT_LEAVERS_H
#define SANDBOX_UNIT_LEAVERS_H

/* Is a control group a unit's own, or below it? */
static __always_inline int is_within(__u32 index, struct cgroup *group)
{
	const struct group *own = &state.watched.groups[WITHIN(index, UNITS)];
	__u32 level = own->level;
	if ((__u32)BPF_CORE_READ(group, level) < level)
		return 0;
	struct cgroup *ancestor = 0;
	bpf_probe_read_kernel(&ancestor, sizeof ancestor,
			      (void *)group + bpf_core_field_offset(struct cgroup, ancestors) + level * sizeof ancestor);
	return BPF_CORE_READ(ancestor, kn, id) == own->id;
}

/* Takes note of where a task is now: in the unit's control group still, or outside. */
static __always_inline void see_place(struct mark *mark, __u32 index, struct unit *unit, struct task_struct *task)
{
	if (is_within(index, BPF_CORE_READ(task, cgroups, dfl_cgrp)))
		return;
	if (scope == REFUSED_ONLY) {
		state.watched.has_leavers = 1;
		return;
	}
	mark->unit = 0;
	lose(unit, LOST_LEAVERS);
}

/* Runs when the task is in its new group. Only a BTF tracepoint is given a task whose storage it may ask for. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(moved, struct cgroup *group, const char *path, struct task_struct *task)
{
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	__u32 index = mark ? mark->unit - 1 : UNITS;
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (unit)
		see_place(mark, index, unit, task);
	return 0;
}

static __always_inline void begin_outside(struct task_struct *task)
{
	struct mark *mark = mark_outside(task);
	if (!mark)
		return;
	mark->has_begun = 1;
	mark->program = 1U << PROGRAMS;
	if (mark->is_service)
		return;
	/* PAM may move a task before it runs the service. Filters that it gets until then are the unit's. */
	if (sets_up(program_key(task)))
		mark->filters = filters_of(task);
	else
		mark->is_service = 1;
}

/* Not static: its stack would be that of the program that calls it. */
__noinline int return_outside(__u64 regs, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mark *mark = mark_outside(task);
	if (!mark)
		return 0;
	int is_unbegun = end_call(mark);
	if (mark->filters > 0) {
		if (is_unbegun)
			note_unbegun(subject_outside(mark, task), task, number_in((const struct pt_regs *)regs), result);
	} else if (!mark->is_service && sets_up(program_key(task))) {
		mark->filters = filters_of(task);
	} else {
		/* It has left without a filter: what refuses its calls is another's. */
		*mark = (struct mark){.has_begun = 1, .is_service = mark->is_service};
	}
	return 0;
}

static __always_inline void fork_outside(struct task_struct *task, struct task_struct *child)
{
	const struct mark *own = mark_outside(task);
	if (!own)
		return;
	struct mark *mark = bpf_task_storage_get(&marks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct unit *unit = unit_at((__u32)own->unit - 1);
	if (mark) {
		*mark = *own;
		mark->has_begun = 1;
		mark->has_signal = 0;
	} else if (unit) {
		lose(unit, LOST_MARKS);
	}
}

#endif
