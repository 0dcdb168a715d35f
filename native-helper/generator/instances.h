/* Instances of a template that have files besides their template's. */
#ifndef SANDBOX_UNIT_INSTANCES_H
#define SANDBOX_UNIT_INSTANCES_H

#include "manifest.h"

/*
 * Calls `changed` for each instance of a template that has other files of its own than those that the manifest names;
 * instances with a manifest of their own are left out. Returns NULL, or a reason that stands for all instances.
 */
const char *instances_changed(const char *template, const struct manifest *manifest,
			      void (*changed)(const char *instance, const char *reason, const char *path),
			      const char **path);

#endif
