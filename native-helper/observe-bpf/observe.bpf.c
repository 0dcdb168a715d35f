/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The programs that the kernel runs for `observe`, at tracepoints alone: hypervisors and locked-down kernels refuse kprobes
 * and trampolines more often. raw_tp costs less than tp_btf at a program's begin; what it is given must be read by a helper.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel-types.h"
#include "tables.h"
#include "state.h"
#include "groups.h"
#include "tasks.h"
#include "places.h"
#include "calls.h"
#include "arguments.h"

/* The BPF helpers are for programs that are under the GPL, too. */
char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int BPF_PROG(call_begins, struct pt_regs *regs, long id)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 program = program_key(task);
	__u32 number = (__u32)id, abi = abi_of(task, number), slot = slot_of(abi, number);
	if (sets_up(program))
		return 0;
	if (slot >= CALLS) {
		lose(unit, LOST_NUMBERS);
		return 0;
	}
	count_call(index, unit, slot, program_bit(unit, program, phase_of(index)));
	if (state.first_watch[WITHIN(slot, CALLS)] != 0)
		note_arguments(index, slot, (__u64)regs, BEGINS);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(executed, struct task_struct *executing, int old_pid, struct linux_binprm *program)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit)
		return 0;
	__u64 key = program_key(bpf_get_current_task_btf());
	if (sets_up(key))
		return 0;
	add_program(unit, key, phase_of(index));
	return 0;
}
