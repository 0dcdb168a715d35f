#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
	[REASON_COMPAT] = {"compat", NONE, "runs 32-bit code, which isn't given filters on arm64", ""},
	[REASON_DISPATCHED] = {"dispatched", NONE, "has its calls handed back to it, by prctl", ""},
	[REASON_SEQUENCE] = {"sequence", NONE, "may be in a restartable sequence, which Linux shows from 5.13 on", ""},
	[REASON_UNMOVING] = {"unmoving", NONE, "doesn't run: its control group may be frozen", ""},
	[REASON_REFUSED] = {"refused", ERRNO, "can't load the filter", ""},
	[REASON_EVADED] = {"evaded", NONE, "makes another call than it was made to: its memory is written to", ""},
	[REASON_MISSING] = {"missing", NONE, "doesn't have the filter that was loaded", ""},
	[REASON_UNREADABLE] = {"unreadable", ERRNO, "can't be read", ""},
};

void tell_finding(int tid, enum reason reason, unsigned int first, unsigned int second)
{
	char words[256];
	char shown[16] = "";
	enum numbers numbers = rows[reason].numbers;
	int length = tid == 0 ? 0 : snprintf(words, sizeof words, "thread %d ", tid);
	if (numbers == COUNT || numbers == CALL_AND_ARCHITECTURE)
		(void)snprintf(shown, sizeof shown, "%u", first);
	(void)snprintf(words + length, sizeof words - (size_t)length, "%s%s%s", rows[reason].before, shown,
		       rows[reason].behind);
	report((struct failure){.what = words, .error = numbers == ERRNO ? (int)first : 0});

	printf("finding %d %s", tid, rows[reason].name);
	if (numbers != NONE)
		printf(" %u", first);
	if (numbers == CALL_AND_ARCHITECTURE)
		printf(" %u", second);
	printf("\n");
}

/* systemd.exec(5) has the variable. */
static int is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long device = 0, inode = 0;
	struct stat status;
	return stream != NULL && sscanf(stream, "%lu:%lu", &device, &inode) == 2 && fstat(fd, &status) == 0 &&
	       status.st_dev == device && status.st_ino == inode;
}

void spare_output(void)
{
	if (is_journal(STDOUT_FILENO))
		return;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere < 0)
		return;
	(void)dup2(nowhere, STDOUT_FILENO);
	(void)close(nowhere);
}
