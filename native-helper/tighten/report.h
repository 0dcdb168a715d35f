/*
 * Each finding has its words on standard error. Where standard output is another stream, it has lines for programs. Where
 * both are one stream, as in the journal and on a terminal, people read it: the end has words, too, in their place.
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
	REASON_NO_CALL,     /* it has no instruction that makes a call */
	REASON_DISPATCHED,  /* its calls are handed back to it (PR_SET_SYSCALL_USER_DISPATCH of prctl(2)) */
	REASON_SEQUENCE,    /* it may be in a restartable sequence (rseq(2)), which this kernel doesn't show */
	REASON_UNMOVING,    /* it doesn't run, as in a frozen control group */
	REASON_REFUSED,     /* a call of it failed: an errno */
	REASON_EVADED,      /* it made another call than the one that it was made to make */
	REASON_MISSING,     /* it doesn't have the filter, or others besides */
	REASON_UNREADABLE,  /* its filters, or its registers, can't be read: an errno */
};

/* Tells a finding. `first` and `second` are the numbers that the reason has. */
void tell_finding(int tid, enum reason reason, unsigned int first, unsigned int second);

/* Tells by a line of one word that something is so, or by the words that stand for it. */
void tell_word(const char *word, const char *words);

/* Tells how many have the filter, or would get it by a dry run, and for how many microseconds they stood still. */
void tell_counts(int is_dry_run, unsigned int threads, unsigned int processes, int64_t paused);

#endif
