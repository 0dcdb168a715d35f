/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Calls that find nothing where a directive hides files. */
#ifndef SANDBOX_UNIT_HIDDEN_H
#define SANDBOX_UNIT_HIDDEN_H

enum hiding { SHOWN, HIDDEN_BELOW, HIDDEN_ITSELF };

/* Is a name below a path that the unit can't see, or that path itself? Text of which only the begin is compared may be neither:
 * who reads the record compares it all. */
__noinline enum hiding hiding_of(__u32 index, __u64 name)
{
	__u64 begin[HIDDEN_WORDS] = {};
	if (bpf_probe_read_user_str(begin, sizeof begin, (void *)name) <= 0)
		return SHOWN;
	for (__u32 i = 0; i < HIDDEN && i < state.hidden_count; i++) {
		const struct hidden *hidden = &state.hidden[WITHIN(i, HIDDEN)];
		__u64 other = 0, different = hidden->unit ^ index;
		for (__u32 k = 0; k < HIDDEN_WORDS; k++) {
			other |= begin[k] ^ hidden->words[k];
			different |= (begin[k] ^ hidden->words[k]) & hidden->masks[k];
		}
		if (different == 0)
			return other == 0 ? HIDDEN_ITSELF : HIDDEN_BELOW;
	}
	return SHOWN;
}

/* Notes a call that finds nothing where a directive hides files. Root may open what stands in a hidden path's place: it is empty. */
__noinline int note_hidden(__u32 index, __u32 slot, __u64 at, long result)
{
	const struct look *look = &state.looks[WITHIN(slot, CALLS)][0];
	const struct pt_regs *regs = (const struct pt_regs *)at;
	__u32 kind = look->kind, path = look->path, abi = slot / SLOTS;
	if (kind == LOOK_NOT || kind >= LOOK_CAPABILITIES || path >= NO_ARGUMENT ||
	    (result != -ENOENT && result != -ENXIO && !opens(kind)))
		return 0;
	__u64 name = argument(regs, abi, path);
	enum hiding hiding = hiding_of(index, name);
	if (hiding == SHOWN || (result != -ENOENT && hiding != HIDDEN_ITSELF))
		return 0;
	__u32 error = result < 0 ? (__u32)-result : 0;
	struct unit *unit = unit_at(index);
	if (unit)
		__sync_fetch_and_add(&unit->refused, 1);
	return note_given_name(index, wish_of(kind, argument(regs, abi, path + 1)), error, name, -1);
}

#endif
