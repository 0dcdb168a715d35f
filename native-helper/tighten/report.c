#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fail.h"
#include "journal.h"

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
	[REASON_ELSEWHERE] = {"elsewhere", COUNT, "the service's main process is in another control group: ", ""},
	[REASON_NO_CALL] = {"no-call", NONE, "has no instruction that makes a call", ""},
	[REASON_COMPAT] = {"compat", NONE, "runs 32-bit code, which isn't given filters on arm64", ""},
	[REASON_DISPATCHED] = {"dispatched", NONE, "has its calls handed back to it, by prctl", ""},
	[REASON_SEQUENCE] = {"sequence", NONE, "may be in a restartable sequence, which Linux shows from 5.13 on", ""},
	[REASON_UNMOVING] = {"unmoving", NONE, "doesn't run: its control group may be frozen", ""},
	[REASON_REFUSED] = {"refused", ERRNO, "can't load the filter", ""},
	[REASON_EVADED] = {"evaded", NONE, "makes another call than it was made to: its memory is written to", ""},
	[REASON_MISSING] = {"missing", NONE, "doesn't have the filter that was loaded", ""},
	[REASON_UNREADABLE] = {"unreadable", ERRNO, "can't be read", ""},
};

/* As many as threads can be held, and some that are of no thread. */
#define FINDINGS_MAX ((1U << 17) + 16)

static struct finding {
	int tid;
	enum reason reason;
	unsigned int first, second;
} findings[FINDINGS_MAX];
static uint32_t finding_count;

static int has_lines;

void tell_finding(int tid, enum reason reason, unsigned int first, unsigned int second)
{
	if (finding_count < FINDINGS_MAX)
		findings[finding_count++] = (struct finding){tid, reason, first, second};
}

static void print_words(const struct finding *finding)
{
	char words[256];
	char shown[40] = "";
	enum numbers numbers = rows[finding->reason].numbers;
	int length = finding->tid == 0 ? 0 : snprintf(words, sizeof words, "thread %d ", finding->tid);
	if (numbers == COUNT)
		(void)snprintf(shown, sizeof shown, "%u", finding->first);
	if (numbers == CALL_AND_ARCHITECTURE)
		(void)snprintf(shown, sizeof shown, "%u (arch=%x)", finding->first, finding->second);
	(void)snprintf(words + length, sizeof words - (size_t)length, "%s%s%s", rows[finding->reason].before, shown,
		       rows[finding->reason].behind);
	report((struct failure){.what = words, .error = numbers == ERRNO ? (int)finding->first : 0});
}

void print_findings(void)
{
	for (const struct finding *finding = findings; finding < findings + finding_count; finding++) {
		enum numbers numbers = rows[finding->reason].numbers;
		print_words(finding);
		if (!has_lines)
			continue;
		printf("finding %d %s", finding->tid, rows[finding->reason].name);
		if (numbers != NONE)
			printf(" %u", finding->first);
		if (numbers == CALL_AND_ARCHITECTURE)
			printf(" %u", finding->second);
		printf("\n");
	}
	finding_count = 0;
}

void begin_report(void)
{
	has_lines = 1;
}

void print_ending(const char *word, const char *words)
{
	if (has_lines)
		printf("%s\n", word);
	else
		report((struct failure){.what = words});
}

void print_counts(int is_dry_run, unsigned int threads, unsigned int processes, int64_t paused)
{
	if (has_lines) {
		printf("paused %" PRId64 "\n", paused);
		printf("%s %u %u\n", is_dry_run ? "fit" : "tightened", threads, processes);
		return;
	}
	(void)dprintf(STDERR_FILENO, "%s%s: %s %u thread%s of %u process%s, which stood still for %.1f ms\n", message_level(),
		      program_name, is_dry_run ? "the filter could be loaded into" : "the filter is loaded into", threads,
		      threads == 1 ? "" : "s", processes, processes == 1 ? "" : "es", (double)paused / 1000);
}

int end_report(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

