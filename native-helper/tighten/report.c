#include "report.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

/* The numbers of a finding. */
enum numbers { NONE, COUNT, CALL_AND_ARCHITECTURE, ERRNO };

static const struct {
	const char *name;
	enum numbers numbers;
	const char *before; /* words, up to the number that is shown */
	const char *behind;
} rows[] = {
	[REASON_WAITS] = {"waits", CALL_AND_ARCHITECTURE, "waits in call ", ", which the filter refuses"},
	[REASON_TRACED] = {"traced", COUNT, "is traced by process ", ""},
	[REASON_UNTRACEABLE] = {"untraceable", ERRNO, "can't be traced", ""},
	[REASON_STUCK] = {"stuck", NONE, "can't be stopped: it waits for the child of a vfork, or for a device", ""},
	[REASON_PRIVILEGES] = {"privileges", NONE, "can't load a filter: it has neither no_new_privs nor CAP_SYS_ADMIN", ""},
	[REASON_STRICT] = {"strict", NONE, "can't load a filter: it is in seccomp's strict mode", ""},
	[REASON_FOREIGN] = {"foreign", COUNT, "", " threads are in a PID namespace that isn't seen from here"},
	[REASON_UNSETTLED] = {"unsettled", NONE, "threads come faster than they can be stopped", ""},
	[REASON_UNLISTED] = {"unlisted", ERRNO, "can't list the threads of the control group", ""},
	[REASON_EMPTY] = {"empty", NONE, "there is no thread to give the filter to", ""},
	[REASON_NO_CALL] = {"no-call", NONE, "has no instruction that makes a call", ""},
	[REASON_DISPATCHED] = {"dispatched", NONE, "has its calls handed back to it, by prctl", ""},
	[REASON_SEQUENCE] = {"sequence", NONE, "may be in a restartable sequence, which Linux shows from 5.13 on", ""},
	[REASON_UNMOVING] = {"unmoving", NONE, "doesn't run: its control group may be frozen", ""},
	[REASON_REFUSED] = {"refused", ERRNO, "can't load the filter", ""},
	[REASON_EVADED] = {"evaded", NONE, "makes another call than it was made to: its memory is written to", ""},
	[REASON_MISSING] = {"missing", NONE, "doesn't have the filter that was loaded", ""},
	[REASON_UNREADABLE] = {"unreadable", ERRNO, "can't be read", ""},
};

/* Whether both streams are one, which people read. */
static int is_for_people(void)
{
	struct stat out, words;
	return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &words) == 0 && out.st_dev == words.st_dev &&
	       out.st_ino == words.st_ino;
}

void tell_word(const char *word, const char *words)
{
	if (is_for_people())
		report((struct failure){.what = words});
	else
		printf("%s\n", word);
}

static const char *plural(unsigned int count)
{
	return count == 1 ? "" : "s";
}

void tell_counts(int is_dry_run, unsigned int threads, unsigned int processes, int64_t paused)
{
	char words[256];
	const char *es = processes == 1 ? "" : "es";
	if (!is_for_people()) {
		printf("paused %lld\n", (long long)paused);
		printf("%s %u %u\n", is_dry_run ? "fit" : "tightened", threads, processes);
		return;
	}
	(void)snprintf(words, sizeof words, "%s %u thread%s of %u process%s, which stood still for %lld.%lld ms",
		       is_dry_run ? "the filter could be loaded into" : "the filter is loaded into", threads,
		       plural(threads), processes, es, (long long)paused / 1000, (long long)paused / 100 % 10);
	report((struct failure){.what = words});
}

void tell_finding(int tid, enum reason reason, unsigned int first, unsigned int second)
{
	char words[256];
	char shown[40] = "";
	enum numbers numbers = rows[reason].numbers;
	int length = tid == 0 ? 0 : snprintf(words, sizeof words, "thread %d ", tid);
	if (numbers == COUNT)
		(void)snprintf(shown, sizeof shown, "%u", first);
	if (numbers == CALL_AND_ARCHITECTURE)
		(void)snprintf(shown, sizeof shown, "%u (arch=%x)", first, second);
	(void)snprintf(words + length, sizeof words - (size_t)length, "%s%s%s", rows[reason].before, shown,
		       rows[reason].behind);
	report((struct failure){.what = words, .error = numbers == ERRNO ? (int)first : 0});

	if (is_for_people())
		return;
	printf("finding %d %s", tid, rows[reason].name);
	if (numbers != NONE)
		printf(" %u", first);
	if (numbers == CALL_AND_ARCHITECTURE)
		printf(" %u", second);
	printf("\n");
}
