/* A traced process: its memory, its registers, its stops. A failure ends the tracer, and the process with it. */
#ifndef SANDBOX_UNIT_TRACEE_H
#define SANDBOX_UNIT_TRACEE_H

#include "kernel-trace.h"

#define WORD sizeof(uint64_t)

struct tracee {
	int pid;
	uintptr_t entry;            /* 0 before the exec */
	uint64_t text;              /* the word of the program that the entry point is in */
	struct registers registers; /* at the entry point */
};

/* Reports a failure and ends the tracer, with which the process dies. */
_Noreturn void give_up(const char *what, long error, const char *hint);

/* Makes a request of ptrace(2). If it fails the tracer ends, without a word if somebody has killed the process. */
void request(const struct tracee *tracee, unsigned int number, uintptr_t address, uintptr_t data);

uint64_t peek(const struct tracee *tracee, uintptr_t address);
void poke(const struct tracee *tracee, uintptr_t address, uint64_t word);
struct registers read_registers(const struct tracee *tracee);
void write_registers(const struct tracee *tracee, const struct registers *registers);

/* Ends the tracer if by this status the process has ended; else returns the status. */
int end_with(int status);

/* Waits until the process stops, and returns its status in the form of wait(2). */
int wait_for_stop(const struct tracee *tracee);

/* PTRACE_EVENT_* of a stop, or 0. */
int event_of(int status);

/* The signal of a stop, or 0 where it enters a call or returns from one. */
int signal_of(int status);

/* Whether the process enters a call or returns from one. */
int is_call_stop(int status);

/* The call of a stop for which is_call_stop() holds. */
struct ptrace_syscall_info read_call_stop(const struct tracee *tracee);

/* Has a stopped process begin a call by the instruction at `place`. It stops where the kernel takes the call up. */
void begin_call(const struct tracee *tracee, uintptr_t place, long nr, uintptr_t a, uintptr_t b, uintptr_t c);

/* Lets the kernel do the call of begin_call(). Returns its result. */
long end_call(const struct tracee *tracee);

#endif
