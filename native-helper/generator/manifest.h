/* The manifest of a unit: the files that confine it, and its own for which these were made. */
#ifndef SANDBOX_UNIT_MANIFEST_H
#define SANDBOX_UNIT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The folder of files that are finished, and of their manifests. */
#define ENABLED "/etc/sandbox-unit/enabled"
#define MANIFESTS ENABLED "/activate.d"

struct listed {
	const char *path;
	const char *sum; /* SHA-256, in hex */
	mode_t mode;     /* of a file of ours */
};

#define MOST_FILES 256

struct manifest {
	struct listed files[MOST_FILES];
	size_t file_count;
	/* The unit's own files, its fragment first. */
	struct listed made_for[MOST_FILES];
	size_t made_for_count;
	/* Of a template: files of its instances, which are theirs alone. */
	struct listed of_instances[MOST_FILES];
	size_t of_instances_count;
	/* Whether the unit starts as it would without us where they are no longer the same. */
	bool runs_if_changed;
};

/*
 * Reads a manifest's text, which is cut up for it and must live as long. Returns NULL, or the reason why it can't be
 * read: nothing of it counts then.
 */
const char *manifest_parse(char *text, struct manifest *manifest);

#endif
