/* The wanted program in the processes of all members. */
#ifndef SANDBOX_UNIT_LOAD_H
#define SANDBOX_UNIT_LOAD_H

#include "members.h"

enum loaded {
	ALL_HAVE_IT,
	NONE_HAS_IT, /* and all are as they were */
	UNSURE,      /* some have it, or a thread is somewhere else than it should be */
};

/* Loads the program in all members that don't have it yet, and reads it back from each. Failures have been told. */
enum loaded load_members(const struct wanted *wanted);

#endif
