/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Control groups: whose calls are looked at, and how a group is followed that is made anew. */
#ifndef SANDBOX_UNIT_GROUPS_H
#define SANDBOX_UNIT_GROUPS_H

/* The index of the unit whose control group, or one below it, the current process is in; UNITS where there is none. Every
 * call of the machine pays for this: loads cost less than the kernel's function, which is only asked about groups that are
 * deeper than the unit's. */
__noinline __u32 watching(void)
{
	struct cgroup *own = bpf_get_current_task_btf()->cgroups->dfl_cgrp;
	__u32 depth = (__u32)own->level;
	__u64 id = own->kn->id;
	for (__u32 i = 0; i < UNITS && i < state.watched.units; i++) {
		const struct group *group = &state.watched.groups[i];
		if (depth == group->level ? id == group->id
					  : depth > group->level && group->id != 0 &&
						    bpf_get_current_ancestor_cgroup_id((int)group->level) == group->id)
			return i;
	}
	return UNITS;
}

static __always_inline struct unit *unit_at(__u32 index)
{
	return bpf_map_lookup_elem(&units, &index);
}

static __always_inline __u32 phase_of(__u32 index)
{
	return state.watched.groups[WITHIN(index, UNITS)].phase & (PHASES - 1);
}

static __always_inline __u32 phase_number_of(__u32 index)
{
	return state.watched.groups[WITHIN(index, UNITS)].phase_number;
}

/* Follows a unit to the control group that is made for it, or for one that it is in. */
static __always_inline void follow(__u32 index, __u64 id, __u64 parent, __u64 name, int level)
{
	struct ancestor *chain = state.ancestors[index];
	for (int i = 0; i < ANCESTORS - 1; i++) {
		if (chain[i].name != name || chain[i + 1].id != parent)
			continue;
		chain[i].id = id;
		if (i > 0)
			continue;
		struct unit *unit = unit_at(index);
		state.watched.groups[index].phase = PHASE_START;
		state.watched.groups[index].phase_number++;
		state.watched.groups[index].level = (__u32)level;
		state.watched.groups[index].id = id;
		if (unit)
			__sync_fetch_and_add(&unit->lives, 1);
	}
}

/* A restart makes the control group anew. The kernel follows here, before any process is in it. */
SEC("raw_tp/cgroup_mkdir")
int BPF_PROG(group_made, struct cgroup *group)
{
	char name[NAME_SIZE] = {};
	struct cgroup_subsys_state *parent = BPF_CORE_READ(group, self.parent);
	/* A control group begins with its own state. */
	struct cgroup *above = (void *)parent - bpf_core_field_offset(struct cgroup, self);
	__u64 id = BPF_CORE_READ(group, kn, id), parent_id = BPF_CORE_READ(above, kn, id);
	int level = BPF_CORE_READ(group, level);
	bpf_probe_read_kernel_str(name, sizeof name, BPF_CORE_READ(group, kn, name));
	__u64 hash = hash_name(name);
	for (__u32 i = 0; i < UNITS && i < state.watched.units; i++)
		follow(i, id, parent_id, hash, level);
	return 0;
}

/* Run by `observe` for one control group: how deep is it? */
SEC("iter/cgroup")
int level(struct bpf_iter__cgroup *context)
{
	struct cgroup *group = context->cgroup;
	if (group)
		state.level = (__u32)BPF_CORE_READ(group, level);
	return 0;
}

#endif
