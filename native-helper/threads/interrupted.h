/* Calls that a stop interrupts, and that a thread makes again when it goes on. */
#ifndef SANDBOX_UNIT_INTERRUPTED_H
#define SANDBOX_UNIT_INTERRUPTED_H

#include <linux/seccomp.h>
#include <stdint.h>

/*
 * Finds the call that a stopped thread makes again, as seccomp filters will see it: restart_syscall(2) in place of one
 * that goes on where it was. Returns 1, 0 where there is none, or -1 with an errno.
 */
int find_interrupted(int tid, struct seccomp_data *call);

/*
 * Has a stopped thread make a call again that answers EINTR to any stop, as epoll_wait(2) does (signal(7)). If a signal
 * has a handler that runs first, the answer stays EINTR.
 */
void restart_interrupted(int tid);

#endif
