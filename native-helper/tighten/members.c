#include "members.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "interpret.h"
#include "proc.h"
#include "report.h"
#include "threads/interrupted.h"
#include "threads/thread-stat.h"

/* As many as threads can be held. */
#define MEMBERS_MAX (1U << 17)

static struct member members[MEMBERS_MAX];
static uint32_t member_count;

struct member *member_at(uint32_t index)
{
	return index < member_count ? &members[index] : NULL;
}

int is_of(const struct member *member, const struct member *process)
{
	return member < members + member_count && member->tgid == process->tgid;
}

struct member *next_process(struct member *member)
{
	struct member *next = member == NULL ? members : member;
	while (member != NULL && is_of(next, member))
		next++;
	return next < members + member_count ? next : NULL;
}

static int tell_untraced(const struct thread *thread)
{
	struct proc_thread shown;
	struct thread_stat stat;
	if (read_proc(thread->tid, &shown) < 0 || read_thread_stat(thread->tid, &stat) < 0 || stat.has_ended)
		return 0;
	if (thread->state == STUCK)
		tell_finding(thread->tid, REASON_STUCK, 0, 0);
	else if (shown.tracer != 0)
		tell_finding(thread->tid, REASON_TRACED, (unsigned int)shown.tracer, 0);
	else
		tell_finding(thread->tid, REASON_UNTRACEABLE, (unsigned int)thread->error, 0);
	return 1;
}

/*
 * Whether the call that a thread makes again gets through the new program. Others don't count: they may be refused.
 * Returns how many findings there are.
 */
static unsigned int tell_waiting(struct member *member, const struct wanted *wanted)
{
	struct seccomp_data call;
	int tid = member->thread->tid;
	int result = find_interrupted(tid, &member->thread->seen, &call);
	member->is_waiting = result == 1;
	if (result < 0 && lose_if_gone(member->thread))
		return 0;
	if (result < 0 && errno == EOPNOTSUPP)
		tell_finding(tid, REASON_COMPAT, 0, 0);
	else if (result < 0)
		tell_finding(tid, REASON_UNREADABLE, (unsigned int)errno, 0);
	if (result <= 0)
		return result < 0;
	uint32_t answer = interpret(wanted->instructions, wanted->length, &call) & SECCOMP_RET_ACTION_FULL;
	if (answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_LOG)
		return 0;
	tell_finding(tid, REASON_WAITS, (unsigned int)call.nr, call.arch);
	return 1;
}

int has_wanted(const struct stack *stack, const struct wanted *wanted)
{
	if (stack->count == 0 || stack->lengths[stack->count - 1] != wanted->length)
		return 0;
	const struct sock_filter *newest = stack->instructions + stack->total - wanted->length;
	return memcmp(newest, wanted->instructions, wanted->length * sizeof *newest) == 0;
}

/* Fills in a member, unless it is gone by now. Returns how many findings there are. */
static unsigned int look(struct member *member, const struct wanted *wanted)
{
	int tid = member->thread->tid;
	struct proc_thread shown;
	int is_shown = read_proc(tid, &shown) == 0;
	int error = is_shown ? read_stack(tid, &member->before) : ESRCH;
	if (error != 0 && lose_if_gone(member->thread))
		return 0;
	if (error != 0) {
		tell_finding(tid, REASON_UNREADABLE, (unsigned int)error, 0);
		return 1;
	}
	member->tgid = shown.tgid;
	member->part = SYNCED;
	member->has_no_new_privileges = shown.has_no_new_privileges;
	member->may_load = shown.may_load;
	member->is_done = has_wanted(member->before, wanted);
	if (member->is_done)
		return 0;
	if (shown.seccomp == SECCOMP_MODE_STRICT) {
		tell_finding(tid, REASON_STRICT, 0, 0);
		return 1;
	}
	return tell_waiting(member, wanted);
}

static int compare(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	if (a->tgid != b->tgid)
		return a->tgid < b->tgid ? -1 : 1;
	return a->thread->tid < b->thread->tid ? -1 : 1;
}

static int is_alike(const struct member *a, const struct member *b)
{
	return a->before == b->before && a->has_no_new_privileges == b->has_no_new_privileges;
}

static int needs_privileges(const struct member *member, const struct wanted *wanted)
{
	return !wanted->sets_no_new_privileges && !member->has_no_new_privileges && !member->may_load;
}

/*
 * A call for all threads gives them all filters of the thread that makes it, and its no_new_privs. Threads of one
 * process are therefore alike, or each makes the call for itself. One that waits in a call is in no restartable sequence
 * (rseq(2)), and has an instruction for a call at hand. Returns how many findings there are.
 */
static unsigned int divide(struct member *process, const struct wanted *wanted)
{
	struct member *carrier = NULL;
	enum part others = SYNCED;
	for (struct member *member = process; is_of(member, process); member++) {
		if (!is_alike(member, process))
			others = ALONE;
		if (!member->is_done && (carrier == NULL || (member->is_waiting && !carrier->is_waiting)))
			carrier = member;
	}
	unsigned int findings = 0;
	for (struct member *member = process; carrier != NULL && is_of(member, process); member++) {
		if (member->is_done)
			continue;
		member->part = member == carrier ? CARRIER : others;
		if (member->part == SYNCED || !needs_privileges(member, wanted))
			continue;
		tell_finding(member->thread->tid, REASON_PRIVILEGES, 0, 0);
		findings++;
	}
	return findings;
}

unsigned int look_at_members(const struct wanted *wanted)
{
	unsigned int findings = 0;
	struct thread *thread;
	member_count = 0;
	for (uint32_t i = 0; (thread = held_at(i)) != NULL; i++) {
		if (!is_listed(thread) || thread->error == ESRCH)
			continue;
		if (thread->may_work && runs_no_code(thread->tid))
			continue;
		if (thread->state != STOPPED) {
			findings += (unsigned int)tell_untraced(thread);
			continue;
		}
		members[member_count] =
			(struct member){.thread = thread, .tracee = {.tid = thread->tid, .seen = thread->seen}};
		findings += look(&members[member_count], wanted);
		member_count += thread->state == STOPPED;
	}
	qsort(members, member_count, sizeof members[0], compare);
	for (struct member *process = NULL; (process = next_process(process)) != NULL;)
		findings += divide(process, wanted);
	return findings;
}
