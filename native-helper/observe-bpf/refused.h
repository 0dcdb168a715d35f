/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Calls that a filter refuses. The kernel asks seccomp filters before its tracepoint of a call's begin, so that a refused
 * call only returns. One that a filter kills for doesn't even do that, but has a signal.
 */
#ifndef SANDBOX_UNIT_REFUSED_H
#define SANDBOX_UNIT_REFUSED_H

#define SIGSYS 31
#define SYS_SECCOMP 1	    /* si_code of the signal: asm-generic/siginfo.h */
#define SIGNAL_GROUP_EXIT 4 /* linux/sched/signal.h */
#define MAX_ERRNO 4095
#ifdef __TARGET_ARCH_x86
#define AUDIT_ARCH_NATIVE 0xc000003eU /* linux/audit.h: AUDIT_ARCH_X86_64 */
#else
#define AUDIT_ARCH_NATIVE 0xc00000b7U /* AUDIT_ARCH_AARCH64 */
#endif

__noinline int claim_refusal(struct unit *unit, __u64 key)
{
	return unit ? claim(unit->refusal_keys, REFUSALS, key) : -1;
}

/* The bit of the task's program. Before Linux 6.16 a task that ends has none when it is told of: then that of its last call. */
static __always_inline __u32 last_program_bit(struct unit *unit, __u32 phase)
{
	struct task_struct *task = bpf_get_current_task_btf();
	if (task->mm)
		return program_bit(unit, task, phase);
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	return mark ? mark->program : 0;
}

/* Notes a refused call: by its errno, or 0 for SIGSYS. `how` is UNCERTAIN, FAILED or 0. */
__noinline int note_refused(__u32 index, __u32 abi, __u32 number, __u32 error, __u64 how)
{
	struct unit *unit = unit_at(index);
	__u32 program = unit ? last_program_bit(unit, phase_of(index)) : 0;
	if (!unit || program == 0)
		return 0;
	__sync_fetch_and_add(&unit->refused, 1);
	__u64 key = call_key(abi, abi == ABI_X32 ? number & ~X32_BIT : number, error) | how;
	if (scope == REFUSED_ONLY && unit->lives == 0)
		key |= BEFORE;
	__u32 place = (__u32)claim_refusal(unit, key);
	if (place >= REFUSALS) {
		lose(unit, LOST_REFUSED);
		return 0;
	}
	struct refusal *refusal = &unit->refusals[WITHIN(place, REFUSALS)];
	__sync_fetch_and_add(&refusal->count, 1);
	__sync_fetch_and_or(&refusal->programs, program);
	return 0;
}

/* Notes a call that returns without a begin. */
static __always_inline void note_unbegun(struct subject by, struct task_struct *task, __u32 number, long result)
{
	struct unit *unit = unit_at(by.unit);
	if (!unit)
		return;
	/* Without a filter nothing refuses: the begin is what was missed. */
	if (task->seccomp.mode == 0)
		lose(unit, LOST_MARKS);
	else if (result < 0 && result >= -MAX_ERRNO)
		note_refused(by.unit, abi_of(task, number), number, (__u32)-result, by.doubt);
	else if (!by.doubt)
		lose(unit, LOST_REFUSED);
}

/* The head of kernel_siginfo and what it has of SIGSYS, as siginfo_t has them on machines with 64 bits: sigaction(2). */
struct refusing_signal {
	int number, error, code, padding;
	__u64 address;
	int call;
	__u32 architecture;
};

SEC("raw_tp/signal_generate")
int BPF_PROG(signalled, int number, void *info)
{
	struct refusing_signal signal = {};
	if (number != SIGSYS)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	struct subject by = subject_of(task);
	if (by.unit >= UNITS || bpf_probe_read_kernel(&signal, sizeof signal, info) || signal.code != SYS_SECCOMP)
		return 0;
	__u32 abi = signal.architecture != AUDIT_ARCH_NATIVE ? ABI_COMPAT : (__u32)signal.call & X32_BIT ? ABI_X32 : ABI_NATIVE;
	note_refused(by.unit, abi, (__u32)signal.call, 0, by.doubt);
	/* Where the signal is handled the call returns: with its own number, or its first argument. */
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	if (mark)
		mark->has_signal = 1;
	return 0;
}

/* Of several threads a filter may end one without a signal: only this thread's exit has SIGSYS as its code then. */
SEC("raw_tp/sched_process_exit")
int BPF_PROG(ended, struct task_struct *ending)
{
	struct task_struct *task = bpf_get_current_task_btf();
	if (task->exit_code != SIGSYS || task->signal->flags & SIGNAL_GROUP_EXIT)
		return 0;
	struct subject by = subject_of(task);
	if (by.unit >= UNITS)
		return 0;
	__u32 number = number_in((const struct pt_regs *)bpf_task_pt_regs(task));
	return note_refused(by.unit, abi_of(task, number), number, 0, by.doubt);
}

#endif
