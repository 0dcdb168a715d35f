/* The files of a unit that are not ours, where systemd looks for them (systemd.unit(5)). */
#ifndef SANDBOX_UNIT_OWN_FILES_H
#define SANDBOX_UNIT_OWN_FILES_H

#include "manifest.h"

/*
 * Whether a unit has the files for which ours were made, and no others. Returns NULL, or the reason; `*path` is the file
 * then, if it is about one. Files that other generators make can't be known here: they run at the same time.
 */
const char *own_files_changed(const char *unit, const struct manifest *manifest, const char **path);

/* Whether an instance has files that its template's manifest doesn't name, where those of the template are as they were. */
const char *own_files_of_instance_changed(const char *instance, const char *template, const struct manifest *manifest,
					  const char **path);

/* Whether a file that a manifest names is no longer the same. Returns NULL, or the reason. */
const char *listed_changed(const struct listed *listed);

#endif
