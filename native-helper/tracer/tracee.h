/* A process that this one traces: its memory, its registers, its stops. A failure kills it with the tracer. */
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

/* Says why, and ends; the process dies with its tracer. */
_Noreturn void give_up(const char *what, long error, const char *hint);

/* A request to a process that somebody killed ends the tracer, too: the rest is the kernel's. */
void request(const struct tracee *tracee, unsigned int number, uintptr_t address, uintptr_t data);

uint64_t peek(const struct tracee *tracee, uintptr_t address);
void poke(const struct tracee *tracee, uintptr_t address, uint64_t word);
struct registers read_registers(const struct tracee *tracee);
void write_registers(const struct tracee *tracee, const struct registers *registers);

/* Where the process has ended, so does the tracer; else returns the status. */
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

/* Has the process, at a stop, begin a call by the instruction at `place`: it stops where the kernel takes the call up. */
void begin_call(const struct tracee *tracee, uintptr_t place, long nr, uintptr_t a, uintptr_t b, uintptr_t c);

/* Lets the kernel do that call. Returns its result. */
long end_call(const struct tracee *tracee);

#endif
