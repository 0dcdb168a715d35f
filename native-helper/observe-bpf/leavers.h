/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Processes that others move out of a unit's control group, as a login is moved into its session. Filters, mounts and
 * capabilities of the unit go with them, and nobody watches what they do.
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

/* Runs when the task is in its new group. Only a BTF tracepoint is given a task whose storage it may ask for. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(moved, struct cgroup *group, const char *path, struct task_struct *task)
{
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	__u32 index = mark ? mark->unit - 1 : UNITS;
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit || is_within(index, BPF_CORE_READ(task, cgroups, dfl_cgrp)))
		return 0;
	mark->unit = 0;
	lose(unit, LOST_LEAVERS);
	return 0;
}

#endif
