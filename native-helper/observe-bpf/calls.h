/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Calls: how often, when, and by which programs. */
#ifndef SANDBOX_UNIT_CALLS_H
#define SANDBOX_UNIT_CALLS_H

/* The verifier would follow each index on its own, were this function static. */
__noinline int claim_program(struct unit *unit, __u64 key)
{
	return unit ? claim(unit->program_keys, PROGRAMS, key) : -1;
}

/* Adds a program to those that set up, as the one at this place of theirs. Returns whether it had room. */
__noinline int claim_setup(__u64 key, __u32 replaced)
{
	int index = claim(state.setups, SETUPS, key);
	if (index >= 0 && state.launcher_paths >> (replaced & 31) & 1)
		__sync_fetch_and_or(&state.launchers, 1U << (index & 31));
	return index >= 0;
}

struct place_hash {
	const struct place *place;
	__u64 hash;
};

/* For bpf_loop(), whose rounds the verifier follows once and not each. */
static long add_byte(__u32 i, struct place_hash *of)
{
	if (i >= sizeof of->place->names)
		return 1;
	of->hash = ADD_TO_HASH(of->hash, of->place->names[i]);
	return 0;
}

/* Is a program at the path of one that sets up, which an upgrade has replaced? Then it sets up, too. */
__noinline int replaces_setup(const struct place *place, __u64 key)
{
	if (!place || !place->whole)
		return 0;
	struct place_hash of = {.place = place, .hash = NO_HASH}; /* as hash_place() */
	bpf_loop(sizeof place->names, add_byte, &of, 0);
	for (__u32 i = 0; i < SETUPS; i++)
		if (state.setup_paths[i] == of.hash)
			return claim_setup(key, i);
	return 0;
}

/* Gives a program a bit of the unit's masks, and finds out its path. Returns its index; PROGRAMS where it has no room, and
 * -1 for one that sets up. */
__noinline int add_program(struct unit *unit, __u64 key, __u32 phase)
{
	if (!unit || !key)
		return PROGRAMS;
	__u32 index = (__u32)claim_program(unit, key);
	if (index >= PROGRAMS) {
		lose(unit, LOST_PROGRAMS);
		return PROGRAMS;
	}
	__u32 bit = 1U << (index & 31);
	struct program *program = &unit->programs[WITHIN(index, PROGRAMS)];
	if (unit->setups & bit)
		return -1;
	/* Two CPUs that find out the place would write over each other. */
	if (__sync_fetch_and_or(&program->phases, 1U << (phase & 3)) == 0) {
		struct file *file = BPF_CORE_READ(bpf_get_current_task_btf(), mm, exe_file);
		WALK(&program->place, file);
		if (replaces_setup(&program->place, key)) {
			__sync_fetch_and_or(&unit->setups, bit);
			program->phases = 0;
			return -1;
		}
	}
	return (int)index;
}

/* The bit of the task's program in the unit's masks; 0 for a program that sets up, and for none. */
static __always_inline __u32 program_bit(struct unit *unit, struct task_struct *task, __u32 phase)
{
	__u64 key = program_key(task);
	for (int i = 0; i < PROGRAMS && unit->program_keys[i] != 0; i++)
		if (unit->program_keys[i] == key)
			return 1U << i & ~unit->setups;
	int index = sets_up(key) ? -1 : add_program(unit, key, phase);
	return index < 0 ? 0 : 1U << (index & 31);
}

static __always_inline void see(struct seen *seen, __u32 programs, __u32 once_ready)
{
	__u32 now = state.watched.now, slice = state.watched.slice, last_slice = seen->last_slice;
	if (seen->first == 0)
		seen->first = now + 1;
	if (seen->last != now)
		seen->last = now;
	if (last_slice != slice && __sync_val_compare_and_swap(&seen->last_slice, last_slice, slice) == last_slice)
		__sync_fetch_and_add(&seen->slices, 1);
	if ((seen->programs & programs) != programs)
		__sync_fetch_and_or(&seen->programs, programs);
	if ((seen->once_ready & once_ready) != once_ready)
		__sync_fetch_and_or(&seen->once_ready, once_ready);
}

/* Counts a call of a unit's program. Those of a command don't count as made once the unit is ready while the reload or the stop
 * lasts that it was started in, by its number, and no longer: where the control group outlives a restart, the service itself
 * looks like one. */
static __always_inline void count_call(__u32 index, struct unit *unit, __u32 slot, __u32 programs, __u32 command)
{
	__u32 phase = phase_of(index);
	int is_command = command != 0 && command == phase_number_of(index) && phase != PHASE_SERVING;
	__u32 once_ready = phase == PHASE_START || is_command ? 0 : 1U << phase;
	__u32 stripe = index * (state.watched.stripe_mask + 1) + (bpf_get_smp_processor_id() & state.watched.stripe_mask);
	struct counts *stripes = bpf_map_lookup_elem(&counts, &stripe);
	if (stripes)
		__sync_fetch_and_add(&stripes->of[WITHIN(slot, CALLS)][phase], 1);
	see(&unit->seen[WITHIN(slot, CALLS)], programs, once_ready);
}

#endif
