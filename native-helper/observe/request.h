/* The lines that `observe` is told to begin with: what it is to watch. */
#ifndef SANDBOX_UNIT_REQUEST_H
#define SANDBOX_UNIT_REQUEST_H

#include "observe-bpf/tables.h"

struct request {
	unsigned int slice; /* tenths of a second */
	unsigned int setup_count;
	char *setups[SETUPS];
	__u32 launchers; /* a bit each: the units may execute them, too */
	unsigned int unit_count;
	char *units[UNITS]; /* directories of control groups */
	unsigned int watch_count;
	struct watch watches[WATCHES];
	__u16 first_watch[CALLS]; /* a watch's number, plus one; 0: none */
	struct look looks[CALLS][LOOKS];
	unsigned int hidden_count;
	struct hidden hidden[HIDDEN];
};

/* Takes a line of a request; see observe.c for what there is. Returns NULL, or what is wrong with it. */
const char *take_request_line(struct request *request, char *line);

/* The whole number that a word is; `limit` where it is none, or isn't below that. */
unsigned long parse_number(const char *word, unsigned long limit);

/* The phase by its name; PHASES for another word. */
unsigned int parse_phase(const char *word);

#endif
