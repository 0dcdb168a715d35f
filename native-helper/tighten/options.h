/* The command line of `tighten`. */
#ifndef SANDBOX_UNIT_TIGHTEN_OPTIONS_H
#define SANDBOX_UNIT_TIGHTEN_OPTIONS_H

struct options {
	const char *group;       /* the folder of a control group */
	int is_own;              /* the group of this process's own unit */
	const char *filter;      /* the path of a filter file */
	unsigned int settle;     /* milliseconds, or 0 */
	unsigned int within;     /* the most that are waited for it; 0 where nothing says */
	int is_dry_run;
	int has_report;
};

/*
 * Parses the command line. A mistake, --help and --version end this process; so does a control group by which the whole
 * machine would stand still.
 */
struct options parse_options(int argc, char **argv);

#endif
