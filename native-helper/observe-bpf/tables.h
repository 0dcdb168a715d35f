/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The tables that the BPF programs fill and `observe` reads. All have a fixed size, and none is a stream of events: nothing
 * can be lost without a mark, since each table counts what had no room in it.
 */
#ifndef SANDBOX_UNIT_TABLES_H
#define SANDBOX_UNIT_TABLES_H

#include <linux/types.h>

#include "records.h"

enum abi { ABI_NATIVE, ABI_COMPAT, ABI_X32, ABIS };
enum phase { PHASE_START, PHASE_SERVING, PHASE_RELOAD, PHASE_STOP, PHASES };

/* How much is looked at: each call costs the less, and the programs are loaded the sooner. */
enum scope { ALL, CALLS_ONLY, REFUSED_ONLY, CONFINED_ONLY };

#define UNITS 64
#define SETUPS 16   /* programs that set services up, with those that replace them */
#define SLOTS 576   /* numbers of calls of an ABI: x32 has those up to 547 */
#define WATCHES 512 /* watched arguments of all ABIs */
#define WATCHES_OF_CALL 4
#define PROGRAMS 31 /* of a unit; the bit above theirs is for programs without room */
#define VALUES 62   /* distinct values of an argument */
#define CAPABILITIES 64
#define REFUSALS 128

#define CALLS (ABIS * SLOTS)
/* 32-bit ARM's private calls (0xf0000 and up) have the last slots of their ABI. */
#define ARM_PRIVATE 0xf0000
#define ARM_PRIVATE_SLOTS 8

/* Of the numbers of x32's calls, which the tables have without it. */
#define X32_BIT 0x40000000U

/* Index of a call that has no slot. */
#define NO_SLOT 0xffffffff

/* A unit's control group, and those that it is in: each is known by its parent's ID and its name, so that the kernel itself
 * can tell when it is made anew. */
#define ANCESTORS 4
struct ancestor {
	__u64 id;   /* 0: it isn't there */
	__u64 name; /* hash_name() */
};

#define NAME_SIZE 256 /* of a control group, with the NUL */

/* Of all of a name's buffer. Other control groups in the same one are told apart by it. */
#define hash_name(name) hash_bytes(name, NAME_SIZE)

struct group {
	__u64 id;    /* of the control group; 0: none */
	__u32 level; /* its depth, as the kernel counts: a namespace hides the upper part */
	__u32 phase, phase_number; /* the latter is another one for each phase, from 1 on */
};

/* The part that every call of the machine reads. */
struct watched {
	__u32 units;
	__u32 now;   /* in tenths of a second; a clock that `observe` sets costs a load, the kernel's a call */
	__u32 slice; /* number of the time slice, from 1 on */
	__u32 stripe_mask, has_leavers; /* the latter: a task has left its unit's control group */
	struct group groups[UNITS];
};

/* An argument that is watched. */
#define NO_ARGUMENT 7
struct watch {
	__u16 next; /* the number of the call's next watch, plus one */
	__u8 first, second;
	__u8 size, padding; /* the former: of what the argument points at, in bytes: 1, 2, 4 or 8; 0: itself */
	__u16 offset;
	__u64 mask; /* 0: all bits */
};

/* A part of a call that is looked at when it returns. */
enum look_kind {
	LOOK_NOT,
	LOOK_OPEN, /* the argument after the path has the flags */
	LOOK_OPEN_HOW, /* it points at them */
	LOOK_CREATE,
	LOOK_MMAP,
	LOOK_STAT,
	LOOK_ACCESS,
	LOOK_CHDIR,
	LOOK_CHROOT,
	LOOK_CHANGE_DIRECTORY,
	LOOK_MAKE,
	LOOK_CHANGE_ATTRIBUTE,
	LOOK_IOCTL,
	LOOK_EXEC,
	LOOK_CAPABILITIES,
	LOOK_BIND,
	LOOK_CONNECT,
	LOOK_SENDTO,
	LOOK_SENDMSG,
	LOOK_RECVFROM,
	LOOK_RECVMSG,
	LOOK_ACCEPT,
	LOOK_SOCKETCALL,
	LOOK_KINDS,
};
#define LOOKS 2 /* of a call: rename() has two paths */
struct look {
	__u8 kind, padding;
	__u8 path; /* the argument that points at a path; with LOOK_MAKE and LOOK_ACCESS the next one is a mode */
	__u8 base; /* the argument with the directory that it is relative to; NO_ARGUMENT: the working directory */
};

/* Distinct values. */
struct set {
	__u32 lost;
	__u32 phases;
	__u64 keys[VALUES]; /* key_of(); 0: free */
};

/* Tells a value from a free place. Of all values one alone becomes 0, and is counted as lost. */
#define KEY 0x9e3779b97f4a7c15ULL
static inline __u64 key_of(__u64 value)
{
	return value + KEY;
}
static inline __u64 value_of(__u64 key)
{
	return key - KEY;
}

/* A call of a unit. Its counts are apart: they have a stripe for each CPU. */
struct seen {
	__u32 first, last; /* tenths of a second; first: plus one, 0: not yet */
	__u32 slices, last_slice;
	__u32 programs; /* a bit each */
	__u32 once_ready; /* phases in which a process made it that the service had then, or made since: a bit each */
};

struct counts {
	__u64 of[CALLS][PHASES];
};

struct program {
	__u32 phases; /* a bit each; 0 of a program that sets up */
	struct place place;
};

struct refusal {
	__u64 count;
	__u32 programs;
};

/* Of a capability and an outcome. */
struct asked {
	__u64 count;
	__u32 lost;
	__u64 calls[CALLS / 64]; /* a bit each */
};

enum lost {
	LOST_NUMBERS, /* calls whose numbers have no slot */
	LOST_PROGRAMS,
	LOST_PATHS,
	LOST_PEERS,
	LOST_MEMORY, /* what a call pointed at could not be read */
	LOST_REFUSED,
	LOST_MARKS, /* tasks of which it isn't known whether they have begun a call */
	LOST_FORK_FLAGS,
	LOST_MODES,
	LOST_RING_OPERATIONS,
	LOST_GROUPS,  /* a control group was made, and wasn't watched from its first call on */
	LOST_HIDDEN,  /* the service itself executed a program that sets services up: its calls aren't seen */
	LOST_LEAVERS, /* a process was moved out of the unit's control group, and is still confined as the unit is */
	LOSSES,
};

struct unit {
	__u64 lost[LOSSES];
	__u64 refused; /* how often something was refused, or hidden */
	__u32 lives;
	__u32 setups; /* programs that set up: a bit each */
	struct seen seen[CALLS];
	__u64 program_keys[PROGRAMS]; /* program_key(); 0: free */
	struct program programs[PROGRAMS];
	__u64 refusal_keys[REFUSALS]; /* call_key(), and the errno */
	struct refusal refusals[REFUSALS];
	struct asked asked[CAPABILITIES][2]; /* refused, granted */
	struct set fork_flags;
	struct set modes;
	struct set ring_operations; /* of io_uring */
};

/* A call as a key: with the errno of a refused one in the lowest bits. Never 0. */
#define UNCERTAIN (1ULL << 62) /* a filter of the task's own may have refused the call */
#define BEFORE (1ULL << 61)    /* the control group had not been made since the watch began */
#define FAILED (1ULL << 60)    /* no filter refused the call: it began, and the kernel answered with the errno */
static inline __u64 call_key(__u32 abi, __u32 nr, __u32 error)
{
	return 1ULL << 63 | (__u64)abi << 48 | (__u64)nr << 16 | error;
}

/* The memory that `observe` writes, and every program reads. */
struct state {
	struct watched watched;
	struct ancestor ancestors[UNITS][ANCESTORS]; /* of each unit: its own control group, its parent's, … */
	__u64 setups[SETUPS];			     /* program_key(); before `enrol` file descriptors; 0: free */
	__u64 setup_paths[SETUPS];		     /* hash_place(); 0: none */
	__u32 launchers, launcher_paths;	     /* a bit each: those that the units may execute, too */
	__u32 watch_count, level;		     /* the latter is the answer of the program of its name */
	__u16 first_watch[CALLS]; /* a watch's number, plus one; 0: none */
	struct watch watches[WATCHES];
	struct look looks[CALLS][LOOKS];
	struct hidden hidden[HIDDEN];
	__u32 hidden_count;
};

/* Records a unit, in tables that units share. Directories have their own: files that come and go can't starve them. */
#define PATHS_OF_UNIT 8192
#define PEERS_OF_UNIT 4096

#endif
