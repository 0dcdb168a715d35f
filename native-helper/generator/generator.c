/*
 * sandbox-unit-generator: puts policies into force at boot and at each daemon-reload, from finished files
 * (systemd.generator(7)). Below /etc/sandbox-unit/enabled are the files as 'sandbox-unit generate --runtime --at-boot
 * --output /etc/sandbox-unit/enabled UNIT' has made them, and a manifest for each unit in activate.d/. They are copied to
 * /run/systemd/system. A unit whose files are not as they were made, or that has other files of its own since, is held
 * (refusal.h): it doesn't run unconfined.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "files.h"
#include "instances.h"
#include "manifest.h"
#include "own-files.h"
#include "refusal.h"
#include "sha256.h"
#include "unit-name.h"

const char program_name[] = "generator";

/* Where the drop-ins are that come before all others of their name. */
static const char *early;

static bool has_sum(struct content content, const char *wanted)
{
	char sum[SHA256_TEXT];
	if (content.bytes == NULL)
		return false;
	sha256_text(content.bytes, content.size, sum);
	return strcmp(sum, wanted) == 0;
}

/* Whether a file is one that is copied for a unit; else it is a program, which has to be there. */
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

/* A program that the lines of units start, and what is said where it can't be. Units share it: it is looked at once. */
static struct program {
	const char *path, *missing;
	bool is_known, is_good;
} programs[] = {
#define LAUNCHER_MISSING "the launcher is not there, is no program, or others than root can change it"
#define TIGHTEN_MISSING "tighten is not there, is no program, or others than root can change it"
	{.path = "/usr/local/libexec/sandbox-unit/launcher", .missing = LAUNCHER_MISSING},
	{.path = "/usr/libexec/sandbox-unit/launcher", .missing = LAUNCHER_MISSING},
	{.path = "/usr/local/libexec/sandbox-unit/tighten", .missing = TIGHTEN_MISSING},
	{.path = "/usr/libexec/sandbox-unit/tighten", .missing = TIGHTEN_MISSING},
};

static struct program *program_at(const char *path)
{
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		if (strcmp(path, programs[i].path) == 0)
			return &programs[i];
	}
	return NULL;
}

/* Whether a program can be started. */
static bool can_start(struct program *program)
{
	if (!program->is_known) {
		struct content installed = read_file(program->path);
		program->is_good = installed.size > 4 && memcmp(installed.bytes, "\177ELF", 4) == 0;
		program->is_known = true;
		free(installed.bytes);
	}
	return program->is_good;
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
		struct program *program = program_at(file->path);
		if (program != NULL) {
			/* An upgrade may have replaced it: it reads the filters of earlier versions, or starts nothing. */
			if (!can_start(program))
				return program->missing;
			continue;
		}
		if (!is_copied(unit, file->path))
			return "its manifest names a file that is not the unit's";
		static char source[PATH_MAX];
		snprintf(source, sizeof source, ENABLED "%s", file->path);
		struct content content = read_file(source);
		const char *reason = NULL;
		if (!has_sum(content, file->sum)) {
			reason = "a file is not the one that was made, or is not there";
			*path = source;
		} else if (!write_file(file->path, content.bytes, content.size, file->mode)) {
			reason = "a file can't be written";
		}
		free(content.bytes);
		if (reason != NULL)
			return reason;
	}
	return NULL;
}

/* The policy of a template would start the command that an instance had: it is hidden from this one. */
static bool hide_from(const char *instance)
{
	char place[PATH_MAX];
	int length = snprintf(place, sizeof place, "%s/%s.d/zz-sandbox-unit.conf", early, instance);
	return length > 0 && (size_t)length < sizeof place && make_folders(place) && symlink("/dev/null", place) == 0;
}

/* Whether units run as if they had no policy where their own files have changed, by the manifest that is looked at. */
static bool runs_if_changed;

static void instance_has_changed(const char *instance, const char *reason, const char *path)
{
	if (runs_if_changed && hide_from(instance))
		tell(CRITICAL, instance, "runs as if it had no policy", reason, path);
	else
		refuse(early, instance, reason, path);
}

/* Lets a unit start as if it had no policy. One of an earlier daemon-reload would start the command that it had. */
static void run_without(const char *unit, const char *reason, const char *path)
{
	char place[PATH_MAX];
	tell(CRITICAL, unit, "runs as if it had no policy", reason, path);
	drop_in_of(unit, place);
	(void)unlink(place);
	release(early, unit);
}

static void put_into_force(const char *unit)
{
	static struct manifest manifest;
	char place[PATH_MAX];
	snprintf(place, sizeof place, MANIFESTS "/%s", unit);
	struct content text = read_file(place);
	const char *path = "";
	if (text.bytes == NULL) {
		refuse(early, unit, "its manifest can't be read, or others than root can change it", place);
		return;
	}
	const char *reason = manifest_parse(text.bytes, &manifest);
	bool is_changed = false;
	runs_if_changed = manifest.runs_if_changed;
	if (reason == NULL && !has_drop_in(unit, &manifest))
		reason = "its manifest names no drop-in";
	if (reason == NULL) {
		reason = own_files_changed(unit, &manifest, &path);
		if (reason == NULL && is_template(unit))
			reason = instances_changed(unit, &manifest, instance_has_changed, &path);
		is_changed = reason != NULL;
	}
	if (reason == NULL)
		reason = copy_files(unit, &manifest, false, &path);
	if (reason == NULL)
		reason = copy_files(unit, &manifest, true, &path);
	if (reason == NULL)
		release(early, unit);
	else if (is_changed && runs_if_changed)
		run_without(unit, reason, path);
	else
		refuse(early, unit, reason, path);
	free(text.bytes);
}

/* The next manifest's name; NULL at the end, or where the folder can't be read to its end, which is told. */
static const char *next_unit(DIR *directory)
{
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(directory);
		if (entry == NULL && errno != 0)
			tell(CRITICAL, "some units", "may start UNCONFINED", strerror(errno), MANIFESTS);
		if (entry == NULL)
			return NULL;
		if (is_service_name(entry->d_name))
			return entry->d_name;
	}
}

static void put_all_into_force(DIR *directory)
{
	bool is_trusted = is_roots_folder(MANIFESTS);
	const char *unit;
	/* systemd loads units even if this process is killed, or waits for a disk for too long: all are held first. */
	while ((unit = next_unit(directory)) != NULL)
		(void)hold(early, unit, "the generator has not come to its end", "");
	rewinddir(directory);
	while ((unit = next_unit(directory)) != NULL) {
		if (is_trusted)
			put_into_force(unit);
		else
			refuse(early, unit, "others than root can change the folder of its manifest", MANIFESTS);
	}
	release_shared(early);
}

/* Whether units of the system are about to be loaded, by systemd's variables, and for versions before 251 without them. */
static bool is_of_system(void)
{
	const char *scope = getenv("SYSTEMD_SCOPE");
	return geteuid() == 0 && (scope == NULL || strcmp(scope, "system") == 0) &&
	       strncmp(early, "/run/user/", strlen("/run/user/")) != 0;
}

/* Policies are of the system that an initrd hands over to: what is copied to /run would outlive the initrd's own units. */
static bool is_in_initrd(void)
{
	const char *initrd = getenv("SYSTEMD_IN_INITRD");
	return initrd != NULL ? strcmp(initrd, "1") == 0 : access("/etc/initrd-release", F_OK) == 0;
}

int main(int argc, char **argv)
{
	answer_help(argc > 1 ? argv[1] : NULL,
		    "generator NORMAL EARLY LATE\n\n"
		    "Is run by systemd: see sandbox-unit-generator(8).");
	if (argc == 4 && strcmp(argv[1], "--refuse") == 0)
		return answer_start(argv[2], argv[3], FAILS_UNIT);
	if (argc == 4 && strcmp(argv[1], "--tell") == 0)
		return answer_start(argv[2], argv[3], FAILS);
	if (argc != 4)
		fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "three folders are needed",
							     .hint = "systemd gives them: see sandbox-unit-generator(8)"});
	early = argv[2];
	if (!is_of_system() || is_in_initrd())
		return 0;
	DIR *directory = opendir(MANIFESTS);
	if (directory != NULL) {
		put_all_into_force(directory);
		closedir(directory);
	} else if (errno != ENOENT) {
		tell(CRITICAL, "each unit", "may start UNCONFINED", strerror(errno), MANIFESTS);
	}
	return 0;
}
