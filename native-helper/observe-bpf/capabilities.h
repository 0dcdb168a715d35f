/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Capabilities that the kernel asks for, and the calls in which it does. */
#ifndef SANDBOX_UNIT_CAPABILITIES_H
#define SANDBOX_UNIT_CAPABILITIES_H

#define IN_NO_CALL 0xffffffff /* a task's number, as at a page fault: a stack that grows reserves memory */

/* Marks the call that asks; one without a slot is counted. */
static __always_inline void mark_asker(struct asked *asked, __u32 abi, __u32 number)
{
	__u32 slot = slot_of(abi, number);
	if (number == IN_NO_CALL)
		return;
	if (slot >= CALLS) {
		__sync_fetch_and_add(&asked->lost, 1);
		return;
	}
	__u64 *word = &asked->calls[WITHIN(slot / 64, CALLS / 64)], bit = 1ULL << (slot & 63);
	if (!(*word & bit))
		__sync_fetch_and_or(word, bit);
}

/* Linux has this tracepoint since 6.14. */
SEC("raw_tp/cap_capable")
int BPF_PROG(capability_asked, const struct cred *cred, void *target, void *asking, int capability, int result)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	/* overlayfs asks on behalf of who has mounted it. */
	if (cred != BPF_CORE_READ(task, real_cred) || sets_up(program_key(task)) || is_made_to_call(task))
		return 0;
	if (scope == REFUSED_ONLY) {
		/* It counts only where the call is then refused: reserving memory asks all the time. Users lack it anyway. */
		struct mark *mark = result && is_root(task) ? bpf_task_storage_get(&marks, task, 0, 0) : 0;
		if (mark)
			mark->lacked |= 1ULL << (capability & (CAPABILITIES - 1));
		return 0;
	}
	__u32 number = number_in((const struct pt_regs *)bpf_task_pt_regs(task));
	__u64 place = (__u32)capability * 2 + (result == 0);
	struct asked *asked = &unit->asked[0][0] + WITHIN(place, CAPABILITIES * 2);
	__sync_fetch_and_add(&asked->count, 1);
	mark_asker(asked, abi_of(task, number), number);
	return 0;
}

#define CAPSET_VERSION_1 0x19980330 /* linux/capability.h: the sets have 32 bits */
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_RAISE 2

/* More capabilities than there are without half of them: a process with a larger set has named those that it drops. */
#define MOST_NAMED 20

static __always_inline __u64 named(__u32 low, __u32 high)
{
	__u64 set = low | (__u64)high << 32;
	return __builtin_popcountll(set) <= MOST_NAMED ? set : 0;
}

/* The capabilities that a process gives itself by capset(): where the bounding set lacks one, the call fails. */
static __always_inline __u64 named_in_sets(const struct pt_regs *regs, __u32 abi, struct unit *unit)
{
	__u32 version = 0, sets[2][3] = {};
	__u64 header = argument(regs, abi, 0), data = argument(regs, abi, 1);
	long error = bpf_probe_read_user(&version, sizeof version, (void *)header);
	error |= bpf_probe_read_user(sets[0], sizeof sets[0], (void *)data);
	if (version != CAPSET_VERSION_1)
		error |= bpf_probe_read_user(sets[1], sizeof sets[1], (void *)(data + sizeof sets[0]));
	if (error)
		lose(unit, LOST_MEMORY);
	return named(sets[0][0], sets[1][0]) | named(sets[0][1], sets[1][1]) | named(sets[0][2], sets[1][2]);
}

static __always_inline __u64 named_ambient(const struct pt_regs *regs, __u32 abi)
{
	__u64 capability = argument(regs, abi, 2);
	int is_raise = argument(regs, abi, 0) == PR_CAP_AMBIENT && argument(regs, abi, 1) == PR_CAP_AMBIENT_RAISE;
	return is_raise ? 1ULL << (capability & (CAPABILITIES - 1)) : 0;
}

/* Counts each capability of a set as asked for in a call. */
static __always_inline void count_asked(struct unit *unit, __u64 set, __u32 is_granted, __u32 slot)
{
	for (__u32 i = 0; i < CAPABILITIES; i++) {
		if (!(set >> i & 1))
			continue;
		struct asked *asked = &unit->asked[i][is_granted & 1];
		__sync_fetch_and_add(&asked->count, 1);
		__sync_fetch_and_or(&asked->calls[WITHIN(slot / 64, CALLS / 64)], 1ULL << (slot & 63));
	}
}

/* Notes the capabilities that capset(), or where there is no argument with sets prctl(), has given the process, as if the
 * kernel had been asked for them. */
__noinline int note_wanted(__u32 index, __u32 slot, __u64 at, long result, __u32 sets)
{
	struct unit *unit = unit_at(index);
	if (!unit || result != 0 || slot >= CALLS)
		return 0;
	const struct pt_regs *regs = (const struct pt_regs *)at;
	__u32 abi = slot / SLOTS;
	__u64 wanted = sets == NO_ARGUMENT ? named_ambient(regs, abi) : named_in_sets(regs, abi, unit);
	count_asked(unit, wanted, 1, slot);
	return 0;
}

#endif
