#include "unit-name.h"

#include <stdio.h>
#include <string.h>

static const char suffix[] = ".service";

bool is_service_name(const char *text)
{
	size_t length = strlen(text);
	size_t end = sizeof suffix - 1;
	return length > end && length < UNIT_NAME && text[0] != '.' && text[0] != '@' &&
	       strcmp(text + length - end, suffix) == 0 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.\\@-") == length;
}

/* The end of a name from its instance on, or from its type. */
static const char *behind_prefix(const char *name)
{
	const char *at = strchr(name, '@');
	return at != NULL ? at : name + strlen(name) - (sizeof suffix - 1);
}

static bool is_instance(const char *name)
{
	return strchr(name, '@') != NULL && !is_template(name);
}

bool is_template(const char *name)
{
	const char *at = strchr(name, '@');
	return at != NULL && strcmp(at + 1, suffix) == 0;
}

bool template_of(const char *name, char template[UNIT_NAME])
{
	if (!is_instance(name))
		return false;
	snprintf(template, UNIT_NAME, "%.*s@%s", (int)(strchr(name, '@') - name), name, suffix);
	return true;
}

bool instance_like(const char *template, const char *other, char name[UNIT_NAME])
{
	int length = snprintf(name, UNIT_NAME, "%.*s%s", (int)(behind_prefix(template) - template), template,
			      behind_prefix(other));
	return length > 0 && length < UNIT_NAME;
}

bool has_same_instance(const char *one, const char *other)
{
	return strcmp(behind_prefix(one), behind_prefix(other)) == 0;
}

bool names_have(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->list[i], name) == 0)
			return true;
	}
	return false;
}

bool names_add(struct names *names, const char *name)
{
	if (names_have(names, name))
		return true;
	if (names->count == MOST_NAMES)
		return false;
	snprintf(names->list[names->count++], UNIT_NAME, "%s", name);
	return true;
}

/* Adds the shorter and shorter beginnings of a name, which end in a dash, each with one end or two. */
static bool add_beginnings(struct names *names, const char *name, const char *end, const char *other_end)
{
	size_t length = (size_t)(behind_prefix(name) - name);
	for (;;) {
		if (length > 0 && name[length - 1] == '-')
			length--;
		while (length > 0 && name[length - 1] != '-')
			length--;
		/* A dash in front has nothing before it to share. */
		if (length < 2)
			return true;
		char shorter[UNIT_NAME];
		snprintf(shorter, sizeof shorter, "%.*s%s", (int)length, name, end);
		if (!names_add(names, shorter))
			return false;
		snprintf(shorter, sizeof shorter, "%.*s%s", (int)length, name, other_end);
		if (!names_add(names, shorter))
			return false;
	}
}

bool names_add_with_drop_ins(struct names *names, const char *name)
{
	static const char template_end[] = "@.service";
	char template[UNIT_NAME];
	if (!names_add(names, name) || (template_of(name, template) && !names_add(names, template)))
		return false;
	/* The beginnings of a template are plain names: they are its instances', too, and come before those with an instance. */
	if (!add_beginnings(names, name, suffix, suffix))
		return false;
	return strchr(name, '@') == NULL || add_beginnings(names, name, behind_prefix(name), template_end);
}
