/*
 * sandbox-unit-generator: puts policies into force at boot and at each daemon-reload, from finished files
 * (systemd.generator(7)). Below /etc/sandbox-unit/enabled are the files as 'sandbox-unit generate --runtime --at-boot
 * --output /etc/sandbox-unit/enabled UNIT' has made them, and a manifest for each unit in activate.d/. They are copied to
 * /run/systemd/system. A unit whose files are not as they were made, or that has other files of its own since, gets a
 * condition that fails each start, and says why: it doesn't run unconfined.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "files.h"
#include "manifest.h"
#include "own-files.h"
#include "sha256.h"

const char program_name[] = "generator";

#define ENABLED "/etc/sandbox-unit/enabled"
#define MANIFESTS ENABLED "/activate.d"

/* The exit status of ExecCondition= by which a unit fails; lower ones only have it skipped (systemd.service(5)). */
#define FAILS 255

/* Where the drop-ins are that come before all others of their name. */
static const char *early;

/* Writes a line to the kernel's log: generators run before the journal does. @param level as in syslog(3) */
static void tell(int level, const char *unit, const char *what, const char *reason, const char *path)
{
	char line[MESSAGE_SIZE];
	int length = snprintf(line, sizeof line, "<%d>sandbox-unit-generator: %s %s: %s%s%s\n", level, unit, what, reason,
			      path[0] == '\0' ? "" : ": ", path);
	if (length < 0)
		return;
	size_t size = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || write(fd, line, size) < 0)
		fputs(line + 3, stderr);
	if (fd >= 0)
		close(fd);
}

/* Appends text for a word of a command line between quotes: what systemd would take for its own is shown as '?'. */
static void append_plain(char *line, size_t room, const char *text)
{
	size_t length = strlen(line);
	for (; *text != '\0' && length + 1 < room; text++) {
		bool is_plain = *text >= ' ' && *text < 127 && strchr("\"\\%$", *text) == NULL;
		line[length++] = is_plain ? *text : '?';
		line[length] = '\0';
	}
}

/* Sets `place` to the drop-in that has each start of a unit fail. */
static void refusal_of(const char *unit, char place[PATH_MAX])
{
	snprintf(place, PATH_MAX, "%s/%s.d/zz-sandbox-unit-refused.conf", early, unit);
}

/*
 * Has each start of a unit fail, by a command that tells the reason; it runs before all others of the unit. To systemd a
 * status of SuccessExitStatus= is one of success, that of a condition, too: the unit's own list must not count. Nor must
 * its actions at a failure: a boot that ends in a reboot would not end.
 */
static bool hold(const char *unit, const char *reason, const char *path)
{
	static char text[4 * PATH_MAX];
	char place[PATH_MAX], self[PATH_MAX] = "";
	refusal_of(unit, place);
	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		self[0] = '\0';
	snprintf(text, sizeof text, "[Unit]\nFailureAction=none\nStartLimitAction=none\n"
		 "[Service]\nRestart=no\nSuccessExitStatus=\nExecCondition=\nExecCondition=+\"");
	append_plain(text, sizeof text / 2, self[0] == '/' ? self : "/bin/false");
	strcat(text, "\" --refuse \"");
	append_plain(text, sizeof text - 8, unit);
	append_plain(text, sizeof text - 8, " is not started without its policy: ");
	append_plain(text, sizeof text - 8, reason);
	append_plain(text, sizeof text - 8, path[0] == '\0' ? "" : ": ");
	append_plain(text, sizeof text - 8, path);
	strcat(text, "\"\n");
	return write_file(place, (struct content){.bytes = text, .size = strlen(text)}, 0644);
}

static void refuse(const char *unit, const char *reason, const char *path)
{
	tell(3, unit, "will not start", reason, path);
	if (!hold(unit, reason, path))
		tell(2, unit, "may start UNCONFINED", "no drop-in can be written below", early);
}

static void release(const char *unit)
{
	char place[PATH_MAX];
	refusal_of(unit, place);
	(void)unlink(place);
	*strrchr(place, '/') = '\0';
	(void)rmdir(place);
}

static bool has_sum(struct content content, const char *wanted)
{
	char sum[SHA256_TEXT];
	if (content.bytes == NULL)
		return false;
	sha256_text(content.bytes, content.size, sum);
	return strcmp(sum, wanted) == 0;
}

/* Whether a file is one that is copied for a unit; else it is the launcher, which has to be there. */
static bool is_copied(const char *unit, const char *path)
{
	char start[PATH_MAX];
	int length = snprintf(start, sizeof start, "/run/systemd/system/%s.d/zz-sandbox-unit.", unit);
	return strncmp(path, start, (size_t)length) == 0 && strstr(path, "/../") == NULL;
}

/* Sets `place` to the drop-in by which a unit is confined. */
static void drop_in_of(const char *unit, char place[PATH_MAX])
{
	snprintf(place, PATH_MAX, "/run/systemd/system/%s.d/zz-sandbox-unit.conf", unit);
}

static bool has_drop_in(const char *unit, const struct manifest *manifest)
{
	char place[PATH_MAX];
	drop_in_of(unit, place);
	for (size_t i = 0; i < manifest->file_count; i++) {
		if (strcmp(manifest->files[i].path, place) == 0)
			return true;
	}
	return false;
}

static bool is_launcher(const char *path)
{
	return strcmp(path, "/usr/local/libexec/sandbox-unit/launcher") == 0 ||
	       strcmp(path, "/usr/libexec/sandbox-unit/launcher") == 0;
}

/* Copies a unit's files, the drop-in last: without the others it would start nothing. Returns NULL, or a reason. */
static const char *copy_files(const char *unit, const struct manifest *manifest, bool is_drop_in, const char **path)
{
	for (size_t i = 0; i < manifest->file_count; i++) {
		const struct listed *file = &manifest->files[i];
		*path = file->path;
		size_t length = strlen(file->path);
		bool is_last = length > 5 && strcmp(file->path + length - 5, ".conf") == 0;
		if (is_last != is_drop_in)
			continue;
		if (is_launcher(file->path)) {
			/* An upgrade may have replaced it: it reads the filters of earlier versions, or starts nothing. */
			struct content installed = read_file(file->path);
			bool is_program = installed.size > 4 && memcmp(installed.bytes, "\177ELF", 4) == 0;
			free(installed.bytes);
			if (!is_program)
				return "the launcher is not there, is no program, or others than root can change it";
			continue;
		}
		if (!is_copied(unit, file->path))
			return "its manifest names a file that is not the unit's";
		char source[PATH_MAX];
		snprintf(source, sizeof source, ENABLED "%s", file->path);
		struct content content = read_file(source);
		const char *reason = NULL;
		if (!has_sum(content, file->sum))
			reason = "a file is not the one that was made, or is not there";
		else if (!write_file(file->path, content, file->mode))
			reason = "a file can't be written";
		free(content.bytes);
		if (reason != NULL)
			return reason;
	}
	return NULL;
}

static void put_into_force(const char *unit)
{
	static struct manifest manifest;
	char place[PATH_MAX];
	snprintf(place, sizeof place, MANIFESTS "/%s", unit);
	struct content text = read_file(place);
	const char *path = "";
	if (text.bytes == NULL) {
		refuse(unit, "its manifest can't be read, or others than root can change it", place);
		return;
	}
	const char *reason = manifest_parse(text.bytes, &manifest);
	if (reason == NULL && !has_drop_in(unit, &manifest))
		reason = "its manifest names no drop-in";
	if (reason == NULL) {
		reason = own_files_changed(unit, &manifest, &path);
		if (reason != NULL && manifest.runs_if_changed) {
			tell(2, unit, "runs as if it had no policy", reason, path);
			/* One of an earlier daemon-reload would start the command that the unit had. */
			drop_in_of(unit, place);
			(void)unlink(place);
			release(unit);
			free(text.bytes);
			return;
		}
	}
	if (reason == NULL)
		reason = copy_files(unit, &manifest, false, &path);
	if (reason == NULL)
		reason = copy_files(unit, &manifest, true, &path);
	if (reason != NULL)
		refuse(unit, reason, path);
	else
		release(unit);
	free(text.bytes);
}

/* Whether a name in the folder of manifests is that of a service. */
static bool is_service(const char *name)
{
	static const char end[] = ".service";
	size_t length = strlen(name);
	return length > sizeof end - 1 && length < 256 && name[0] != '.' &&
	       strcmp(name + length - (sizeof end - 1), end) == 0 &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.\\@-") == length;
}

int main(int argc, char **argv)
{
	answer_help(argc > 1 ? argv[1] : NULL,
		    "generator NORMAL EARLY LATE\n\n"
		    "Is run by systemd: see sandbox-unit-generator(8).");
	if (argc == 3 && strcmp(argv[1], "--refuse") == 0) {
		fprintf(stderr, "%s\n", argv[2]);
		return FAILS;
	}
	if (argc != 4)
		fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "three folders are needed",
							     .hint = "systemd gives them: see sandbox-unit-generator(8)"});
	early = argv[2];
	DIR *directory = opendir(MANIFESTS);
	if (directory == NULL) {
		if (errno != ENOENT)
			tell(2, "each unit", "may start UNCONFINED", strerror(errno), MANIFESTS);
		return 0;
	}
	bool is_trusted = is_roots_folder(MANIFESTS);
	/* systemd loads units even if this process is killed, or waits for a disk for too long: all are held first. */
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (is_service(entry->d_name))
			(void)hold(entry->d_name, "the generator has not come to its end", "");
	}
	rewinddir(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (!is_service(entry->d_name))
			continue;
		if (is_trusted)
			put_into_force(entry->d_name);
		else
			refuse(entry->d_name, "others than root can change the folder of its manifest", MANIFESTS);
	}
	closedir(directory);
	return 0;
}
