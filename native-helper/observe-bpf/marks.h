/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Marks of tasks: what is known of the call that one is in, and whose it is. A mark goes where its task goes, out of the
 * unit's control group, too, as do the filters that refuse calls.
 */
#ifndef SANDBOX_UNIT_MARKS_H
#define SANDBOX_UNIT_MARKS_H

/* A task: has it begun a call, from which it hasn't returned? One without a mark may have done so unseen. */
struct mark {
	__u8 has_begun;
	__u8 has_signal; /* one that tells of the call that will return */
	__u8 is_service; /* it has run a program of the service, or was made by one that has */
	__u8 padding;
	__u16 unit;    /* its index plus one; 0: the task isn't followed outside of control groups */
	__u16 life;    /* the unit's, at the last call that began in its control group */
	__u32 program; /* its bit at the last call that began; outside that of programs without room */
	__u32 filters; /* how many of the task's are the unit's: all that it had at that call */
	__u32 command; /* the number of the phase for which the manager started it, or the task that made it; 0: of the start */
	__u64 lacked;  /* capabilities that the call in which it is was refused: a bit each */
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mark);
} marks SEC(".maps");

static __always_inline __u32 filters_of(struct task_struct *task)
{
	return (__u32)task->seccomp.filter_count.counter;
}

/* Sets the mark of a task that is in a unit's control group, and in a call. */
static __always_inline void mark_inside(struct mark *mark, __u32 index, const struct unit *unit, struct task_struct *task)
{
	mark->has_begun = 1;
	mark->lacked = 0;
	mark->unit = (__u16)(index + 1);
	mark->life = (__u16)unit->lives;
	mark->filters = filters_of(task);
}

/* Marks the task as in a call. Returns the phase in which it was started as a command, by its number; 0 for another task. */
static __always_inline __u32 mark_begin(__u32 index, struct unit *unit, struct task_struct *task, __u32 program)
{
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!mark) {
		lose(unit, LOST_MARKS);
		return 0;
	}
	mark_inside(mark, index, unit, task);
	mark->program = program;
	if (program != 0)
		mark->is_service = 1;
	return mark->command;
}

/* A program begins. What the manager starts for a unit that has started is a command, of a reload or a stop. What the service
 * itself executes has the mark of its task. */
static __always_inline void mark_program(__u32 index, struct task_struct *task)
{
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	if (mark && !mark->is_service)
		mark->command = phase_of(index) == PHASE_START ? 0 : phase_number_of(index);
}

/* Is a task the service's own, whatever program it runs? */
static __always_inline int is_service(struct task_struct *task)
{
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	return mark && mark->is_service;
}

/* Returns whether the call that returns is known not to have begun, and wasn't told of. */
static __always_inline int end_call(struct mark *mark)
{
	int is_unbegun = !mark->has_begun && !mark->has_signal;
	mark->has_begun = mark->has_signal = 0;
	return is_unbegun;
}

/* As end_call(), of a task in a unit's control group. */
static __always_inline int returns_unbegun(struct unit *unit, struct task_struct *task)
{
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	if (mark)
		return end_call(mark);
	if (!bpf_task_storage_get(&marks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		lose(unit, LOST_MARKS);
	return 0;
}

/* Are there tasks that have left their unit's control group, and are followed? Every call of the machine pays for this. */
static __always_inline int looks_outside(void)
{
	return scope == REFUSED_ONLY && state.watched.has_leavers;
}

/* The mark of a task that has left its unit's control group in this life of the unit, or was made by one that has. Only a
 * task with a filter is looked for in storage, which costs more than a load does. */
static __always_inline struct mark *mark_outside(struct task_struct *task)
{
	if (!looks_outside() || task->seccomp.mode == 0)
		return 0;
	struct mark *mark = bpf_task_storage_get(&marks, task, 0, 0);
	if (!mark)
		return 0;
	__u32 index = (__u32)mark->unit - 1;
	struct unit *unit = index < UNITS ? unit_at(index) : 0;
	return unit && mark->life == (__u16)unit->lives ? mark : 0;
}

/* Whose call a filter has refused: a unit's index, or UNITS. */
struct subject {
	__u32 unit;
	__u64 doubt; /* UNCERTAIN: the task has loaded filters since it has left, such as a container's */
};

static __always_inline struct subject subject_outside(const struct mark *mark, struct task_struct *task)
{
	return (struct subject){.unit = (__u32)mark->unit - 1, .doubt = filters_of(task) > mark->filters ? UNCERTAIN : 0};
}

/* The unit whose control group the current task is in, or has left. */
static __always_inline struct subject subject_of(struct task_struct *task)
{
	__u32 index = watching();
	const struct mark *mark = index < UNITS ? 0 : mark_outside(task);
	return mark ? subject_outside(mark, task) : (struct subject){.unit = index};
}

#endif
