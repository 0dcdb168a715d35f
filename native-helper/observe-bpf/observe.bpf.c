/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The programs that the kernel runs for `observe`, at tracepoints alone: fentry was refused on one VM. raw_tp costs less than
 * tp_btf at a program's begin; what it is given must be read by a helper.
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
#include "marks.h"
#include "arguments.h"
#include "refused.h"
#include "leavers.h"
#include "paths.h"
#include "peers.h"
#include "capabilities.h"
#include "returns.h"
#include "hidden.h"

/* The BPF helpers are for programs that are under the GPL, too. */
char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int BPF_PROG(call_begins, struct pt_regs *regs, long id)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit) {
		if (looks_outside())
			begin_outside(bpf_get_current_task_btf());
		return 0;
	}
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 program = is_made_to_call(task) ? 0 : program_bit(unit, task, phase_of(index));
	/* Also of a program that sets up: its execve() returns as the service's. */
	__u32 command = scope == CALLS_ONLY ? 0 : mark_begin(index, unit, task, program);
	__u32 number = (__u32)id, abi = abi_of(task, number), slot = slot_of(abi, number);
	if (program == 0 || scope == REFUSED_ONLY || (scope == CONFINED_ONLY && task->seccomp.mode == 0))
		return 0;
	if (slot >= CALLS) {
		lose(unit, LOST_NUMBERS);
		return 0;
	}
	count_call(index, unit, slot, program, command);
	if (state.first_watch[WITHIN(slot, CALLS)] != 0)
		note_arguments(index, slot, (__u64)regs, BEGINS);
	return 0;
}

SEC("raw_tp/sys_exit")
int BPF_PROG(call_returns, struct pt_regs *regs, long result)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit)
		return looks_outside() ? return_outside((__u64)regs, result) : 0;
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 number = number_in(regs), abi = abi_of(task, number), slot = slot_of(abi, number);
	if (returns_unbegun(unit, task)) {
		note_unbegun((struct subject){.unit = index}, task, number, result);
		if (scope == REFUSED_ONLY && slot < CALLS)
			note_arguments(index, slot, (__u64)regs, RETURNS);
		return 0;
	}
	if (slot >= CALLS || sets_up(program_key(task)) || is_made_to_call(task))
		return 0;
	if (scope == REFUSED_ONLY) {
		if (is_refusal(result))
			note_failed(index, slot, number, (__u64)regs, result);
		else if (state.hidden_count > 0)
			note_hidden(index, slot, (__u64)regs, result);
		return 0;
	}
	__u64 place = WITHIN(slot, CALLS);
	if (state.first_watch[place] != 0)
		note_arguments(index, slot, (__u64)regs, result == -EFAULT ? RETURNS_EFAULT : RETURNS);
	for (__u32 i = 0; i < LOOKS && state.looks[place][i].kind != LOOK_NOT; i++)
		look_at(index, slot, (__u64)regs, result, i);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(executed, struct task_struct *executing, int old_pid, struct linux_binprm *program)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit)
		return 0;
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 key = program_key(task);
	if (sets_up(key)) {
		if (scope == ALL && !is_launcher(key) && is_service(task))
			lose(unit, LOST_HIDDEN);
		return 0;
	}
	if (add_program(unit, key, phase_of(index)) < 0)
		return 0;
	mark_program(index, task);
	struct file *file = BPF_CORE_READ(program, file);
	if (scope != ALL)
		return 0;
	NOTE_FILE(index, USE_EXECUTE, file);
	/* Of a script the file is its interpreter. */
	const char *name = BPF_CORE_READ(program, filename);
	char begin[LONGEST_HIDEABLE] = {};
	bpf_probe_read_kernel_str(begin, sizeof begin, name);
	int is_noted = name != BPF_CORE_READ(program, interp) || is_hideable(begin);
	struct room *room = is_noted ? room_for(ROOM_EXEC, index, USE_EXECUTE, 0) : 0;
	long size = room ? bpf_probe_read_kernel_str(room->text, LONGEST_PATH, name) : 0;
	return size > 0 ? note_name(ROOM_EXEC, (__u64)size, -1) : 0;
}

/* At tp_btf, where a task that a program is given can have a mark. */
SEC("tp_btf/task_newtask")
int BPF_PROG(forked, struct task_struct *child, unsigned long flags)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	struct task_struct *task = bpf_get_current_task_btf();
	if (!unit) {
		fork_outside(task, child);
		return 0;
	}
	struct mark *own = bpf_task_storage_get(&marks, task, 0, 0);
	if (own && own->is_service) {
		struct mark *mark = bpf_task_storage_get(&marks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
		/* It returns from the call that makes it, as if it had begun that. */
		if (mark) {
			mark->is_service = 1;
			mark->command = own->command;
			mark_inside(mark, index, unit, task);
			see_place(mark, index, unit, child);
		} else {
			lose(unit, LOST_MARKS);
		}
	}
	if (scope == ALL && !sets_up(program_key(task)) && remember(&unit->fork_flags, flags, phase_of(index)))
		lose(unit, LOST_FORK_FLAGS);
	return 0;
}

/* An operation of io_uring, which is no call. Linux has this tracepoint since 6.4. */
SEC("raw_tp/io_uring_submit_req")
int BPF_PROG(ring_submits, struct io_kiocb *request)
{
	__u32 index = watching();
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	if (!unit || sets_up(program_key(bpf_get_current_task_btf())))
		return 0;
	if (remember(&unit->ring_operations, BPF_CORE_READ(request, opcode), phase_of(index)))
		lose(unit, LOST_RING_OPERATIONS);
	return 0;
}
