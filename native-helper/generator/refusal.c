#include "refusal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/message.h"
#include "files.h"
#include "unit-name.h"

#define TARGET "sandbox-unit-refused.target"
#define SERVICE "sandbox-unit-refused@.service"
#define DROP_IN "zz-sandbox-unit-refused.conf"
#define REASON "zz-sandbox-unit-refused.reason"

/* Where journald takes entries with fields of their own. */
#define JOURNAL "/run/systemd/journal/socket"

/* Whether the files that held units share have been written. */
static bool has_shared;
static bool is_any_refused;

/* Appends text, in which characters that systemd or a terminal would take for their own are shown as '?'. */
static void append_plain(char *line, size_t room, const char *text)
{
	size_t length = strlen(line);
	for (; *text != '\0' && length + 1 < room; text++) {
		bool is_plain = *text >= ' ' && *text < 127 && strchr("\"\\%$", *text) == NULL;
		line[length++] = is_plain ? *text : '?';
		line[length] = '\0';
	}
}

void tell(enum level level, const char *unit, const char *what, const char *reason, const char *path)
{
	char line[MESSAGE_SIZE], plain[PATH_MAX] = "";
	append_plain(plain, sizeof plain, path);
	int length = snprintf(line, sizeof line, "<%d>sandbox-unit-generator: %s %s: %s%s%s\n", (int)level, unit, what,
			      reason, plain[0] == '\0' ? "" : ": ", plain);
	if (length < 0)
		return;
	if ((size_t)length >= sizeof line) {
		length = sizeof line - 1;
		line[length - 1] = '\n';
	}
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0 || write(fd, line, (size_t)length) < 0)
		fputs(strchr(line, '>') + 1, stderr);
	if (fd >= 0)
		close(fd);
}

/* Sets `place` to a file among a unit's drop-ins, or to one beside all units where `folder` is empty. */
static bool place_of(const char *early, const char *folder, const char *name, char place[PATH_MAX])
{
	int length = snprintf(place, PATH_MAX, "%s/%s%s%s", early, folder, folder[0] == '\0' ? "" : ".d/", name);
	return length > 0 && length < PATH_MAX;
}

static bool write_text(const char *early, const char *folder, const char *name, const char *text)
{
	char place[PATH_MAX];
	return place_of(early, folder, name, place) &&
	       write_file(place, text, strlen(text), 0644);
}

static void remove_file(const char *early, const char *folder, const char *name)
{
	char place[PATH_MAX];
	if (place_of(early, folder, name, place))
		(void)unlink(place);
}

/* Appends the command that tells the reason and fails as `how` says; `name` is a specifier for the unit that is held. */
static void append_command(char *text, size_t room, const char *how, const char *early, const char *name)
{
	static char self[PATH_MAX];
	if (self[0] == '\0' && (readlink("/proc/self/exe", self, sizeof self - 1) < 0 || self[0] != '/'))
		strcpy(self, "/bin/false");
	strncat(text, "+\"", room - strlen(text) - 1);
	append_plain(text, room, self);
	strncat(text, "\" ", room - strlen(text) - 1);
	strncat(text, how, room - strlen(text) - 1);
	strncat(text, " \"", room - strlen(text) - 1);
	append_plain(text, room, early);
	strncat(text, "\" \"", room - strlen(text) - 1);
	strncat(text, name, room - strlen(text) - 1);
	strncat(text, "\"\n", room - strlen(text) - 1);
}

/*
 * The target is never active. The service tells the reason, and is among the units that have failed. Nothing waits for it:
 * a drop-in of all services may have it run something else, though one of its own undoes most of that.
 */
static void write_shared(const char *early)
{
	static char text[2 * PATH_MAX] = "[Service]\nType=oneshot\nTimeoutStartSec=10s\nRestart=no\nSuccessExitStatus=\n"
					 "StandardOutput=null\nStandardError=null\n"
					 "ExecCondition=\nExecStartPre=\nExecStart=\nExecStart=";
	append_command(text, sizeof text, "--tell", early, "%i");
	bool has_target = write_text(early, "", TARGET,
				     "[Unit]\nDescription=Units that are not started without their policy\n"
				     "DefaultDependencies=no\nRefuseManualStart=yes\n");
	bool has_service = write_text(early, "", SERVICE,
				      "[Unit]\nDescription=Reason why %i is not started\nDefaultDependencies=no\n"
				      "Conflicts=shutdown.target\nBefore=shutdown.target\nStartLimitIntervalSec=0\n");
	has_shared = write_text(early, SERVICE, DROP_IN, text) && has_target && has_service;
}

/*
 * Requisite= and After= of a unit that is never active fail each start, and no later drop-in takes them back: lists of
 * dependencies have no reset (systemd.unit(5)). The job fails, and not the unit, whose FailureAction= doesn't count. The
 * condition is for starts that leave dependencies out. Its status would be one of success by SuccessExitStatus=.
 */
bool hold(const char *early, const char *unit, const char *reason, const char *path)
{
	static char text[4 * PATH_MAX];
	if (!has_shared)
		write_shared(early);
	text[0] = '\0';
	append_plain(text, sizeof text, unit);
	append_plain(text, sizeof text, " is not started without its policy: ");
	append_plain(text, sizeof text, reason);
	append_plain(text, sizeof text, path[0] == '\0' ? "" : ": ");
	append_plain(text, sizeof text, path);
	(void)write_text(early, unit, REASON, text);
	strcpy(text, "[Unit]\nRequisite=" TARGET "\nAfter=" TARGET "\nWants=sandbox-unit-refused@%n.service\n"
		     "FailureAction=none\nStartLimitAction=none\n"
		     "[Service]\nRestart=no\nSuccessExitStatus=\nExecCondition=\nExecCondition=");
	append_command(text, sizeof text, "--refuse", early, "%n");
	return write_text(early, unit, DROP_IN, text);
}

void refuse(const char *early, const char *unit, const char *reason, const char *path)
{
	is_any_refused = true;
	tell(ERROR, unit, "will not start", reason, path);
	if (!hold(early, unit, reason, path))
		tell(CRITICAL, unit, "may start UNCONFINED", "no drop-in can be written below", early);
}

void release(const char *early, const char *unit)
{
	char folder[PATH_MAX];
	remove_file(early, unit, DROP_IN);
	remove_file(early, unit, REASON);
	if (place_of(early, unit, "", folder))
		(void)rmdir(folder);
}

void release_shared(const char *early)
{
	if (is_any_refused)
		return;
	release(early, SERVICE);
	remove_file(early, "", SERVICE);
	remove_file(early, "", TARGET);
}

/* Reads the reason why a unit, or all instances of its template, are held. */
static bool read_reason(const char *early, const char *unit, char *text, size_t room)
{
	char place[PATH_MAX];
	struct content reason = {0};
	if (place_of(early, unit, REASON, place))
		reason = read_file(place);
	if (reason.bytes == NULL)
		return false;
	text[0] = '\0';
	append_plain(text, room, reason.bytes);
	free(reason.bytes);
	return true;
}

/* Sends an entry of root's about a unit, which systemctl(1) and journalctl(1) show with the unit's own. */
static bool send_to_journal(const char *unit, const char *text)
{
	static char entry[4 * PATH_MAX];
	int length = snprintf(entry, sizeof entry,
			      "PRIORITY=3\nSYSLOG_IDENTIFIER=sandbox-unit-generator\nOBJECT_SYSTEMD_UNIT=%s\nMESSAGE=%s\n",
			      unit, text);
	if (length < 0 || (size_t)length >= sizeof entry)
		return false;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL};
	ssize_t sent = sendto(fd, entry, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address,
			      sizeof address);
	close(fd);
	return sent == length;
}

int answer_start(const char *early, const char *unit, int status)
{
	static char text[2 * PATH_MAX];
	char template[UNIT_NAME];
	if (!is_service_name(unit))
		return status;
	if (!read_reason(early, unit, text, sizeof text) &&
	    (!template_of(unit, template) || !read_reason(early, template, text, sizeof text)))
		snprintf(text, sizeof text, "%s is not started without its policy: the kernel's log has the reason", unit);
	if (!send_to_journal(unit, text))
		tell(ERROR, unit, "does not start", text, "");
	return status;
}
