/* Names of services, and the names whose drop-ins a service has (systemd.unit(5)). Pure. */
#ifndef SANDBOX_UNIT_UNIT_NAME_H
#define SANDBOX_UNIT_UNIT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Room for a name and its NUL: no unit has a longer one. */
#define UNIT_NAME 256

/* Whether a text is the name of a service. The functions below take no other. */
bool is_service_name(const char *text);

/* Whether a name is a template's: foo@.service. */
bool is_template(const char *name);

/* Sets `template` to an instance's template. Returns false for other names. */
bool template_of(const char *name, char template[UNIT_NAME]);

/* Sets `name` to the instance of a template that another instance's name has. Returns false if it is too long. */
bool instance_like(const char *template, const char *other, char name[UNIT_NAME]);

/* Whether two instances, or two that are none, have the same instance part. */
bool has_same_instance(const char *one, const char *other);

/* Some names, each once. */
#define MOST_NAMES 1024
struct names {
	char list[MOST_NAMES][UNIT_NAME];
	size_t count;
};

bool names_have(const struct names *names, const char *name);

/* Adds a name that isn't there yet. Returns false if there is no room. */
bool names_add(struct names *names, const char *name);

/*
 * Adds the names whose drop-ins a unit has by its own name, in systemd's order: itself, its template, its beginnings
 * (foo-bar-.service, foo-.service), then the beginnings with its instance (foo-bar-@x.service, foo-bar-@.service). A template
 * has those of all its instances.
 */
bool names_add_with_drop_ins(struct names *names, const char *name);

#endif
