/* Threads as /proc shows them. */
#ifndef SANDBOX_UNIT_PROC_H
#define SANDBOX_UNIT_PROC_H

#include <stdint.h>

/* Facts of /proc/TID/status. */
struct proc_thread {
	int tgid;
	int tracer; /* 0 where nobody traces it */
	int seccomp; /* SECCOMP_MODE_* */
	int has_no_new_privileges;
	int may_load; /* CAP_SYS_ADMIN in its own user namespace, by which it needs no no_new_privs */
};

/* Returns 0, or -1 where the thread isn't there. */
int read_proc(int tid, struct proc_thread *thread);

/* Where a thread's process has the vDSO, or 0 where it has none. Its auxiliary vector may tell of another place. */
uint64_t find_vdso(int tid);

/* Copies up to `size` bytes of a traced thread's memory. Returns how many were copied. */
unsigned long read_memory(int tid, uint64_t from, void *to, unsigned long size);

/*
 * Whether memory of up to a page can be read and written at once, as far as this kernel tells. Else it may be of a file
 * that another process is to bring (FUSE), which may stand still with this one's own, or never answer.
 */
int is_at_hand(int tid, uint64_t from, unsigned long size);

#endif
