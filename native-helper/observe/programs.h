/* The BPF programs: they are loaded, and attached to the kernel's tracepoints for as long as this process lives. */
#ifndef SANDBOX_UNIT_PROGRAMS_H
#define SANDBOX_UNIT_PROGRAMS_H

#include "observe-bpf/tables.h"

#define PATH_TABLES 4
#define FIRST_NAMES 2

/* The most kinds of evidence that a kernel can lack. */
#define MOST_BLIND 8

/* The tables of the programs, in memory that is shared with them. */
struct tables {
	struct state *state;
	struct unit *units;	/* of each unit */
	struct counts *counts;	/* of each unit, for each stripe */
	struct set *arguments;	/* of each unit, for each watch */
	unsigned int stripes;	/* of a unit */
	int paths[PATH_TABLES];	/* file descriptors of the maps; those from FIRST_NAMES on have names as keys */
	int peers;
	unsigned int blind_count;
	const char *blind[MOST_BLIND]; /* kinds of evidence that can't be had */
};

/* Loads the programs. Ends the process with an error's line if the kernel lacks something that they need. */
void load_programs(struct tables *tables, unsigned int units, unsigned int watches, enum scope scope);

/* Has the kernel run the programs. */
void attach_programs(void);

/* Turns file descriptors in `setups` of the state into what programs are known by. */
void enrol_setups(void);

/* Has `level` of the state tell how deep a control group is, by a descriptor of its directory. Returns whether it does. */
int find_level(int directory);

/* How often a program could not run, since it ran already on the same CPU. */
unsigned long long missed_runs(void);

#endif
