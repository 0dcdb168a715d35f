/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Arguments that are watched: their distinct values. */
#ifndef SANDBOX_UNIT_ARGUMENTS_H
#define SANDBOX_UNIT_ARGUMENTS_H

/* Reads what an argument points at. Returns 0, or an error's number below 0. */
static __always_inline long read_pointed(const struct watch *watch, __u64 address, __u64 *value)
{
	void *from = (void *)address + watch->offset;
	switch (watch->size) {
	case 1: return bpf_probe_read_user(value, 1, from);
	case 2: return bpf_probe_read_user(value, 2, from);
	case 4: return bpf_probe_read_user(value, 4, from);
	default: return bpf_probe_read_user(value, 8, from);
	}
}

enum moment { BEGINS, RETURNS, RETURNS_EFAULT };

static __always_inline void note_argument(__u32 index, __u32 number, const struct pt_regs *regs, __u32 abi, enum moment moment)
{
	const struct watch *watch = &state.watches[WITHIN(number, WATCHES)];
	__u64 value = argument(regs, abi, watch->first);
	if (watch->size != 0) {
		__u64 address = value;
		value = 0;
		if (read_pointed(watch, address, &value)) {
			struct unit *unit = moment == RETURNS_EFAULT ? 0 : unit_at(index);
			if (unit)
				lose(unit, LOST_MEMORY);
			return;
		}
	} else if (watch->second != NO_ARGUMENT) {
		value = value << 32 | (__u32)argument(regs, abi, watch->second);
	}
	if (watch->mask != 0)
		value &= watch->mask;
	__u32 at = index * state.watch_count + number;
	struct set *set = bpf_map_lookup_elem(&arguments, &at);
	if (set)
		remember(set, value, phase_of(index));
}

/* Notes a call's arguments: those in registers when it begins, those in memory when it returns, since by then the kernel
 * has paged it in. Where returns aren't looked at, both when it begins; where refused calls alone are, both when it returns. */
__noinline int note_arguments(__u32 index, __u32 slot, __u64 regs, enum moment moment)
{
	if (slot >= CALLS || index >= UNITS)
		return 0;
	__u32 next = state.first_watch[WITHIN(slot, CALLS)];
	for (int i = 0; i < WATCHES_OF_CALL && next > 0 && next <= WATCHES; i++) {
		__u64 number = WITHIN(next - 1, WATCHES);
		if (scope == CALLS_ONLY || scope == REFUSED_ONLY || (state.watches[number].size != 0) == (moment != BEGINS))
			note_argument(index, (__u32)number, (const struct pt_regs *)regs, slot / SLOTS, moment);
		next = state.watches[number].next;
	}
	return 0;
}

#endif
