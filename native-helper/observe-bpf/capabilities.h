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
	__u32 number = number_in((const struct pt_regs *)bpf_task_pt_regs(task));
	__u64 place = (__u32)capability * 2 + (result == 0);
	struct asked *asked = &unit->asked[0][0] + WITHIN(place, CAPABILITIES * 2);
	__sync_fetch_and_add(&asked->count, 1);
	mark_asker(asked, abi_of(task, number), number);
	return 0;
}

#endif
