/*
 * Two rounds over all processes. The first can be taken back: it brings the program into memory that the process itself
 * can't write to, and has each thread that is to make a call try that without a program. The second loads.
 */
#include "load.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "report.h"

/* Numbers of i386 (asm/unistd_32.h). */
#define NR_32_MUNMAP 91
#define NR_32_PRCTL 172
#define NR_32_MMAP2 192
#define NR_32_SECCOMP 354

/* struct sock_fprog comes first, in 8 or 16 bytes. */
#define PROGRAM_OFFSET 16

/* An x32 program has no memory where the kernel looks for it by default, for a call of 64 bits. */
#ifdef MAP_32BIT
#define IN_LOW_MEMORY MAP_32BIT
#else
#define IN_LOW_MEMORY 0
#endif

/* The highest errno. */
#define ERRNO_MAX 4095

/* Whether a thread may have something by now that can't be taken back, or can't be let go. */
static int is_unsure;

static uint64_t mapping_size(const struct wanted *wanted)
{
	return PROGRAM_OFFSET + wanted->length * sizeof *wanted->instructions;
}

/* Tells a failure. Returns whether there is one: a thread that is gone needs no filter. */
static int tell_outcome(struct member *member, enum outcome outcome, int64_t result)
{
	int tid = member->thread->tid;
	int error = errno;
	/* A thread that runs can't be asked. */
	int may_be_gone = outcome == NO_CALL || outcome == SEQUENCE || outcome == UNTRACED;
	if (outcome == GONE)
		lose(member->thread);
	else if (may_be_gone && lose_if_gone(member->thread))
		outcome = GONE;
	else if (outcome == NO_CALL)
		tell_finding(tid, REASON_NO_CALL, 0, 0);
	else if (outcome == DISPATCHED)
		tell_finding(tid, REASON_DISPATCHED, 0, 0);
	else if (outcome == SEQUENCE)
		tell_finding(tid, REASON_SEQUENCE, 0, 0);
	else if (outcome == LATE)
		tell_finding(tid, REASON_UNMOVING, 0, 0);
	else if (outcome == EVADED)
		tell_finding(tid, REASON_EVADED, 0, 0);
	else if (outcome == UNTRACED)
		tell_finding(tid, REASON_UNTRACEABLE, (unsigned int)error, 0);
	else
		tell_finding(tid, REASON_REFUSED, result < 0 ? (unsigned int)-result : 0, 0);
	if (outcome == EVADED)
		is_unsure = 1;
	return outcome != GONE;
}

static int is_there(const struct member *member)
{
	return member->thread->state == STOPPED;
}

static int makes_call(const struct member *member)
{
	return (member->part == CARRIER || member->part == ALONE) && !member->is_done && is_there(member);
}

static enum outcome call_seccomp(struct member *member, uint32_t flags, uint64_t program, int64_t *result)
{
	const struct injected_call call = {
		SYS_seccomp, NR_32_SECCOMP, {SECCOMP_SET_MODE_FILTER, flags, program, 0, 0, 0}};
	return make_call(&member->tracee, &call, result);
}

/* Without a program the kernel answers EFAULT. Another answer would be a filter's that isn't suspended. */
static int try_call(struct member *member, const struct wanted *wanted)
{
	int64_t result = 0;
	enum outcome outcome = enter(&member->tracee);
	if (outcome == DONE)
		outcome = call_seccomp(member, wanted->flags, 0, &result);
	if (outcome == DONE && result == -EFAULT)
		return 0;
	return tell_outcome(member, outcome, result);
}

/* An array of instructions, and a struct sock_fprog for it as the ABI has it. */
static int put_program(const struct member *member, const struct wanted *wanted)
{
	const struct tracee *tracee = &member->tracee;
	uint64_t at = member->mapping;
	uint64_t program = at + PROGRAM_OFFSET;
	int is_put = put_word(tracee, at, wanted->length | (tracee->site.is_32 ? program << 32 : 0)) &&
		     put_word(tracee, at + sizeof at, program);
	for (uint32_t i = 0; is_put && i < wanted->length; i++) {
		uint64_t word;
		memcpy(&word, &wanted->instructions[i], sizeof word);
		is_put = put_word(tracee, program + i * sizeof word, word);
	}
	return is_put;
}

/* Maps memory that can only be read. Returns whether there is a failure. */
static int map_program(struct member *member, const struct wanted *wanted)
{
	int64_t result = 0;
	int is_32 = member->tracee.site.is_32;
	struct injected_call call = {
		SYS_mmap,
		NR_32_MMAP2,
		{0, mapping_size(wanted), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, is_32 ? UINT32_MAX : UINT64_MAX, 0}};
	enum outcome outcome = make_call(&member->tracee, &call, &result);
	if (outcome == DONE && result == -ENOMEM && !is_32 && IN_LOW_MEMORY != 0) {
		call.arguments[3] |= IN_LOW_MEMORY;
		outcome = make_call(&member->tracee, &call, &result);
	}
	if (outcome != DONE || (result < 0 && result >= -ERRNO_MAX))
		return tell_outcome(member, outcome, result);
	member->mapping = is_32 ? (uint32_t)result : (uint64_t)result;
	return put_program(member, wanted) ? 0 : tell_outcome(member, UNTRACED, 0);
}

static int prepare(struct member *process, const struct wanted *wanted)
{
	int failures = 0;
	for (struct member *member = process; is_of(member, process); member++) {
		if (makes_call(member))
			failures += try_call(member, wanted);
		if (makes_call(member) && failures == 0 && member->part == CARRIER)
			failures += map_program(member, wanted);
	}
	return failures;
}

static int set_no_new_privileges(struct member *member)
{
	int64_t result = 0;
	const struct injected_call call = {SYS_prctl, NR_32_PRCTL, {PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0}};
	is_unsure = 1;
	enum outcome outcome = make_call(&member->tracee, &call, &result);
	return outcome == DONE && result == 0 ? 0 : tell_outcome(member, outcome, result);
}

/* Has a thread load the program. `*result` becomes that of the call. Returns whether there is a failure. */
static int load(struct member *member, const struct wanted *wanted, uint64_t program, uint32_t flags, int64_t *result)
{
	if (wanted->sets_no_new_privileges && !member->has_no_new_privileges && set_no_new_privileges(member))
		return 1;
	if (!is_there(member))
		return 0;
	enum outcome outcome = call_seccomp(member, wanted->flags | flags, program, result);
	is_unsure |= outcome != DONE || *result == 0;
	return outcome != DONE || *result < 0 ? tell_outcome(member, outcome, *result) : 0;
}

static int is_divided(const struct member *process)
{
	for (const struct member *member = process; is_of(member, process); member++)
		if (member->part == ALONE)
			return 1;
	return 0;
}

/* Threads with equal filters that aren't the same ones can't be served by one call: the kernel tells one's ID. */
static void set_apart(struct member *process)
{
	for (struct member *member = process; is_of(member, process); member++)
		if (member->part == SYNCED && !member->is_done)
			member->part = ALONE;
}

static int load_alone(struct member *process, const struct wanted *wanted, uint64_t program)
{
	int failures = 0;
	int64_t result = 0;
	for (struct member *member = process; is_of(member, process); member++) {
		if (member->part != ALONE || !makes_call(member))
			continue;
		if (!member->tracee.is_entered)
			failures += try_call(member, wanted);
		if (failures == 0 && makes_call(member))
			failures += load(member, wanted, program, 0, &result);
	}
	return failures;
}

static int commit(struct member *process, const struct wanted *wanted)
{
	struct member *carrier = process;
	while (is_of(carrier, process) && carrier->part != CARRIER)
		carrier++;
	if (!is_of(carrier, process) || !makes_call(carrier))
		return 0;
	int64_t result = 0;
	uint32_t sync = is_divided(process) ? 0 : (uint32_t)SECCOMP_FILTER_FLAG_TSYNC;
	int failures = load(carrier, wanted, carrier->mapping, sync, &result);
	if (failures == 0 && result > 0) {
		set_apart(process);
		failures += load(carrier, wanted, carrier->mapping, 0, &result);
	}
	return failures > 0 ? failures : load_alone(process, wanted, carrier->mapping);
}

/* Brings a process's threads back to where they were, without the mapping. */
static int withdraw(struct member *process, const struct wanted *wanted)
{
	int failures = 0;
	for (struct member *member = process; is_of(member, process); member++) {
		if (!member->tracee.is_entered || !is_there(member))
			continue;
		int64_t result = 0;
		const struct injected_call call = {
			SYS_munmap, NR_32_MUNMAP, {member->mapping, mapping_size(wanted), 0, 0, 0, 0}};
		enum outcome outcome = DONE;
		if (member->mapping != 0 && !member->tracee.is_running)
			outcome = make_call(&member->tracee, &call, &result);
		if (outcome == DONE)
			outcome = leave(&member->tracee);
		if (outcome != DONE)
			failures += tell_outcome(member, outcome, 0);
	}
	return failures;
}

/* Whether a thread has just the filters that it had, and the wanted one. */
static int has_gained(struct member *member, const struct wanted *wanted)
{
	struct stack *after = NULL;
	const struct stack *before = member->before;
	int error = read_stack(member->thread->tid, &after);
	if (error == ESRCH)
		lose(member->thread);
	if (error != 0)
		return error == ESRCH;
	return after->count == before->count + 1 && has_wanted(after, wanted) &&
	       memcmp(after->lengths, before->lengths, before->count * sizeof *before->lengths) == 0 &&
	       memcmp(after->instructions, before->instructions, before->total * sizeof *before->instructions) == 0;
}

static int read_back(const struct wanted *wanted)
{
	int failures = 0;
	struct member *member;
	for (uint32_t i = 0; (member = member_at(i)) != NULL; i++) {
		if (member->is_done || !is_there(member) || has_gained(member, wanted))
			continue;
		tell_finding(member->thread->tid, REASON_MISSING, 0, 0);
		failures++;
	}
	return failures;
}

static int for_each_process(int (*work)(struct member *process, const struct wanted *wanted), const struct wanted *wanted,
			    int is_stopping)
{
	int failures = 0;
	for (struct member *process = NULL; (process = next_process(process)) != NULL;) {
		failures += work(process, wanted);
		if (failures > 0 && is_stopping)
			break;
	}
	return failures;
}

enum loaded load_members(const struct wanted *wanted)
{
	struct member *member;
	is_unsure = 0;
	for (uint32_t i = 0; (member = member_at(i)) != NULL; i++)
		bind_life(member->thread->tid, 1);
	int failures = for_each_process(prepare, wanted, 1);
	if (failures == 0)
		failures = for_each_process(commit, wanted, 1);
	/* A thread that evades stands before a call of its own, which must not be made. */
	if (failures > 0 && is_unsure)
		return UNSURE;
	if (for_each_process(withdraw, wanted, 1) > 0)
		return UNSURE;
	if (failures > 0)
		return NONE_HAS_IT;
	return read_back(wanted) > 0 ? UNSURE : ALL_HAVE_IT;
}
