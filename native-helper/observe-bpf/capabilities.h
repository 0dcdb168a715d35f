/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Capabilities that the kernel asks for, and the calls in which it does. */
#ifndef SANDBOX_UNIT_CAPABILITIES_H
#define SANDBOX_UNIT_CAPABILITIES_H

#define NO_CALL 0xffffffff /* instead of a call's number, on x86 and on arm64 */

__noinline int claim_asker(struct asked *asked, __u64 key)
{
	return asked ? claim(asked->calls, ASKERS, key) : -1;
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
	if (cred != BPF_CORE_READ(task, real_cred) || sets_up(program_key(task)))
		return 0;
	__u32 number = number_in((const struct pt_regs *)bpf_task_pt_regs(task)), abi = abi_of(task, number);
	__u64 place = (__u32)capability * 2 + (result == 0);
	struct asked *asked = &unit->asked[0][0] + WITHIN(place, CAPABILITIES * 2);
	__sync_fetch_and_add(&asked->count, 1);
	/* A task is in no call at a page fault, when its stack grows and memory is reserved. */
	if (number == NO_CALL)
		return 0;
	if (claim_asker(asked, call_key(abi, abi == ABI_X32 ? number & ~X32_BIT : number, 0)) < 0)
		__sync_fetch_and_add(&asked->lost, 1);
	return 0;
}

#endif
