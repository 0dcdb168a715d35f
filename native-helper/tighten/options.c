#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fail.h"
#include "hosted/monotonic.h"
#include "journal.h"
#include "threads/control-group.h"

#define TIME_MAX 600000

/* How long a group's threads may take to be listed, in nanoseconds. */
#define TIME_TO_LIST INT64_C(15000000000)

/* Of a unit with Delegate=, whose control group systemd leaves to its processes: where commands like this one are. */
#define CONTROL_GROUP "/.control"

/*
 * systemd marks the group of each unit of the system by both, and only root can set the first (its docs/CGROUP_DELEGATION.md).
 * In a container without privileges systemd can't either, and the second counts.
 */
#define MARK "trusted.invocation_id"
#define MARK_IN_CONTAINER "user.invocation_id"
#define SLICE ".slice"

static char own_group[4096];

static _Noreturn void fail_usage(const char *what, const char *name)
{
	fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = what, .name = name, .hint = "see tighten --help"});
}

static _Noreturn void fail_own_group(const char *what)
{
	fail(1, (struct failure){.what = what, .hint = "name it by its folder: --cgroup PATH"});
}

/* Where control groups of version 2 are, alone or beside those of version 1. */
static const char *groups_root(void)
{
	return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
}

/* The length of the path of the innermost group with a mark; that of the root if there is none. */
static size_t length_to_mark(const char *group, size_t root, const char *mark)
{
	char path[sizeof own_group];
	memcpy(path, group, strlen(group) + 1);
	while (strlen(path) > root && getxattr(path, mark, NULL, 0) <= 0)
		*strrchr(path, '/') = '\0';
	return strlen(path);
}

/*
 * Cuts a group's path off behind the innermost group with a mark, of its own and those above. A unit with Delegate= may
 * have moved this process into a group below its own. The environment isn't asked: a unit can say anything there.
 */
static void widen_to_unit(char *group, size_t root)
{
	size_t length = length_to_mark(group, root, MARK), suffix = strlen(SLICE);
	if (length <= root)
		length = length_to_mark(group, root, MARK_IN_CONTAINER);
	group[length] = '\0';
	if (length <= root || (length > suffix && strcmp(group + length - suffix, SLICE) == 0))
		fail_own_group("systemd hasn't marked this process's control group as that of a service (" MARK ")");
}

/* The folder of this process's unit: of its own control group, but for Delegate=. The root's is all the machine's. */
static const char *find_own_group(void)
{
	char line[4096] = "";
	FILE *file = fopen("/proc/self/cgroup", "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "0::/", 4) != 0)
		line[0] = '\0';
	if (file != NULL)
		(void)fclose(file);
	line[strcspn(line, "\n")] = '\0';
	size_t length = strlen(line), suffix = strlen(CONTROL_GROUP);
	if (length > suffix && strcmp(line + length - suffix, CONTROL_GROUP) == 0)
		line[length - suffix] = '\0';
	if (strlen(line) <= 4)
		fail_own_group("this process is in no control group of a unit's");
	if (strstr(line, "/..") != NULL)
		fail_own_group("this process's control group isn't seen from here");
	int size = snprintf(own_group, sizeof own_group, "%s%s", groups_root(), line + 3);
	if (size < 0 || (size_t)size >= sizeof own_group)
		fail_own_group("this process's control group has too long a name");
	widen_to_unit(own_group, strlen(groups_root()));
	return own_group;
}

/* strtoul(3) alone would let spaces and a sign through. */
static unsigned int parse_milliseconds(const char *word)
{
	char *rest = NULL;
	errno = 0;
	unsigned long number = word[0] < '0' || word[0] > '9' ? TIME_MAX + 1 : strtoul(word, &rest, 10);
	if (number > TIME_MAX || *rest != '\0' || errno != 0)
		fail_usage("--settle, as --within, takes milliseconds, at most 600000, not", word);
	return (unsigned int)number;
}

static int has_init;

static void look_for_init(int tid)
{
	has_init |= tid == 1;
}

static int is_same_folder(const char *first, const char *second)
{
	struct stat one, other;
	return stat(first, &one) == 0 && stat(second, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* The machine would stand still with its root group, or with its first process, and nobody could let it go on. */
static void check_group(const char *group)
{
	if (is_same_folder(group, groups_root()))
		fail_usage("--cgroup takes a unit's control group, not the root of all:", group);
	int error = list_group(group, monotonic_time() + TIME_TO_LIST, look_for_init, NULL);
	if (has_init)
		fail_usage("--cgroup takes a control group without PID 1, which is in", group);
	if (error == ETIMEDOUT)
		fail(1, (struct failure){.what = "too many threads to be listed are in", .name = group});
}

static void check(const struct options *options)
{
	if (options->group == NULL || options->filter == NULL)
		fail_usage("--cgroup and --filter are missing, or one of them", NULL);
	if (options->group[0] != '/')
		fail_usage("--cgroup takes the path of a folder, or self, not", options->group);
	check_group(options->group);
}

static void set_group(struct options *options, const char *word)
{
	options->is_own = strcmp(word, "self") == 0;
	options->group = options->is_own ? find_own_group() : word;
	if (options->is_own)
		speak_to_journal(program_name, strrchr(options->group, '/') + 1);
}

struct options parse_options(int argc, char **argv)
{
	static const char usage[] =
		"usage: tighten --cgroup {PATH | self} --filter FILE [--settle MS] [--within MS] [--dry-run] [--report]\n"
		"Gives all threads of a control group a filter, while they stand still.\n";
	static const struct option known[] = {
		{"cgroup", required_argument, NULL, 'c'}, {"filter", required_argument, NULL, 'f'},
		{"settle", required_argument, NULL, 's'}, {"within", required_argument, NULL, 'w'},
		{"dry-run", no_argument, NULL, 'd'},      {"report", no_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {0};
	answer_help(argc > 1 ? argv[1] : NULL, usage);
	opterr = 0;
	for (int letter; (letter = getopt_long(argc, argv, "+", known, NULL)) != -1;) {
		if (letter == 'c')
			set_group(&options, optarg);
		else if (letter == 'f')
			options.filter = optarg;
		else if (letter == 's')
			options.settle = parse_milliseconds(optarg);
		else if (letter == 'w')
			options.within = parse_milliseconds(optarg);
		else if (letter == 'd')
			options.is_dry_run = 1;
		else if (letter == 'r')
			options.has_report = 1;
		else
			fail_usage("unknown option, or one without its value:", argv[optind - 1]);
	}
	if (optind < argc)
		fail_usage("unknown word:", argv[optind]);
	check(&options);
	return options;
}
