/* Threads as /proc shows them. */
#ifndef SANDBOX_UNIT_PROC_H
#define SANDBOX_UNIT_PROC_H

#include <stdint.h>

/* Facts of /proc/TID/status and /proc/TID/stat. */
struct proc_thread {
	int tgid;
	int tracer; /* 0 where nobody traces it */
	int seccomp; /* SECCOMP_MODE_* */
	int has_no_new_privileges;
	int may_load; /* CAP_SYS_ADMIN in its own user namespace, by which it needs no no_new_privs */
	int has_ended;
	int waits_for_kernel; /* in a sleep that only SIGKILL ends, or nothing */
	int is_worker; /* works for the kernel, as io_uring's threads do: it never runs code of its process */
};

/* Returns 0, or -1 where the thread isn't there. */
int read_proc(int tid, struct proc_thread *thread);

/* The number of a type in the auxiliary vector of a thread's process (getauxval(3)), of 4 or 8 bytes a word; or 0. */
uint64_t read_auxiliary(int tid, uint64_t type, unsigned int word);

/* Copies up to `size` bytes of a traced thread's memory. Returns how many were copied. */
unsigned long read_memory(int tid, uint64_t from, void *to, unsigned long size);

#endif
