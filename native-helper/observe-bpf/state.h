/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The memory that the BPF programs share with `observe`, which maps it. */
#ifndef SANDBOX_UNIT_STATE_H
#define SANDBOX_UNIT_STATE_H

/* Sections of their own, so that nothing else is in them. The first is set before the programs are loaded, so that the
 * kernel leaves out what isn't used. */
const volatile __u32 scope SEC(".rodata.options") = ALL;
struct state state SEC(".bss.state") __attribute__((aligned(64)));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, UNITS);
	__type(key, __u32);
	__type(value, struct unit);
} units SEC(".maps");

/* Counts of calls: of each unit, for each stripe. CPUs that share no stripe don't fight for its memory. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, UNITS);
	__type(key, __u32);
	__type(value, struct counts);
} counts SEC(".maps");

/* Values of arguments: of each unit, for each watch. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, UNITS);
	__type(key, __u32);
	__type(value, struct set);
} arguments SEC(".maps");

static __always_inline void lose(struct unit *unit, enum lost table)
{
	__sync_fetch_and_add(&unit->lost[table], 1);
}

/* An index that is below a limit, in a register that the verifier knows it of; the compiler would check one register and use
 * another. An index that isn't becomes 0. */
#define WITHIN(index, limit)                                                                                      \
	({                                                                                                        \
		__u64 within = (index);                                                                           \
		asm volatile("if %0 < %1 goto +1\n%0 = 0" : "+r"(within) : "i"(limit));                           \
		within;                                                                                           \
	})

/* Finds a key in a table, or takes the first free place for it. Returns its index, or -1 where there is no room. */
static __always_inline int claim(__u64 *keys, int room, __u64 key)
{
	for (int i = 0; i < room; i++) {
		__u64 there = keys[i];
		if (there == 0)
			there = __sync_val_compare_and_swap(&keys[i], 0, key);
		if (there == 0 || there == key)
			return i;
	}
	return -1;
}

/* Adds a value to a set. The verifier goes only once through a function that isn't static. Returns 0 where it had room. */
__noinline int remember(struct set *set, __u64 value, __u32 phase)
{
	if (!set)
		return 0;
	__u32 bit = 1U << (phase & 3);
	if (!(set->phases & bit))
		__sync_fetch_and_or(&set->phases, bit);
	__u64 key = key_of(value);
	if (key != 0 && claim(set->keys, VALUES, key) >= 0)
		return 0;
	__sync_fetch_and_add(&set->lost, 1);
	return 1;
}

#endif
