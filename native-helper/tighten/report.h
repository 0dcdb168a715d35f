/*
 * The report, which is printed once no thread stands still any more: who reads it may be slow. It has words
 * on standard error, of which the endings give way to lines on standard output where these are asked for by --report:
 *
 *	finding TID REASON [NUMBER [NUMBER]]    why nothing was changed, or why all was killed; TID is 0 where it is no
 *	                                        thread's
 *	restless                                threads still came and went when the time to settle was up
 *	tightened THREADS PROCESSES             as many have the filter
 *	fit THREADS PROCESSES                   by --dry-run: nothing is in the way
 *	unchanged                               all threads go on as before
 *	killed                                  some had the filter, or might have: all processes were ended
 *	paused MICROSECONDS                     as long all threads stood still
 */
#ifndef SANDBOX_UNIT_REPORT_H
#define SANDBOX_UNIT_REPORT_H

#include <stdint.h>

enum reason {
	REASON_WAITS,       /* it waits in a call that the filter refuses: the call's number, its architecture */
	REASON_TRACED,      /* another traces it: the tracer's process */
	REASON_UNTRACEABLE, /* it can't be traced: an errno */
	REASON_STUCK,       /* it can't be stopped, as the parent of a vfork(2) can't before its child's exec */
	REASON_PRIVILEGES,  /* it needs no_new_privs or CAP_SYS_ADMIN */
	REASON_STRICT,      /* it has seccomp's strict mode */
	REASON_FOREIGN,     /* threads of PID namespaces that aren't seen from here: how many */
	REASON_UNSETTLED,   /* threads come faster than they can be stopped */
	REASON_UNLISTED,    /* the control group can't be read: an errno */
	REASON_EMPTY,       /* there is no thread */
	REASON_ELSEWHERE,   /* the service's main process is in another control group: the process */
	REASON_NO_CALL,     /* it has no instruction that makes a call */
	REASON_COMPAT,      /* it runs 32-bit code, on arm64 */
	REASON_DISPATCHED,  /* its calls are handed back to it (PR_SET_SYSCALL_USER_DISPATCH of prctl(2)) */
	REASON_SEQUENCE,    /* it may be in a restartable sequence (rseq(2)), which this kernel doesn't show */
	REASON_UNMOVING,    /* it doesn't run, as in a frozen control group */
	REASON_REFUSED,     /* a call of it failed: an errno */
	REASON_EVADED,      /* it made another call than the one that it was made to make */
	REASON_MISSING,     /* it doesn't have the filter, or others besides */
	REASON_UNREADABLE,  /* its filters, or its registers, can't be read: an errno */
};

/* Takes note of a finding. `first` and `second` are the numbers that the reason has. */
void tell_finding(int tid, enum reason reason, unsigned int first, unsigned int second);

/* Has lines printed on standard output, which has nothing otherwise. */
void begin_report(void);

/* Prints a line of one word, or, where there are no lines, the words that stand for it. */
void print_ending(const char *word, const char *words);

/* Prints how many have the filter, or would get it by a dry run, and for how many microseconds they stood still. */
void print_counts(int is_dry_run, unsigned int threads, unsigned int processes, int64_t paused);

/* Prints all findings so far. */
void print_findings(void);

/* Returns whether all that was printed has been written, where lines are. */
int end_report(void);

#endif
