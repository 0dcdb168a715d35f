#include "calls.h"

#include <linux/audit.h>

/* Fixed-size rows: pointers would need relocations. */
static const struct call_row {
	char name[32];
	int16_t x86_64;
	int16_t arm64;
} rows[] = {
#define CALL(name, x86_64, arm64) {#name, x86_64, arm64},
#include "call-table.h"
#undef CALL
};

#define CALL(name, x86_64, arm64)                                                                                      \
	_Static_assert((x86_64) < CALL_NUMBERS && (arm64) < CALL_NUMBERS && sizeof #name <= 32, #name);
#include "call-table.h"
#undef CALL

static int is_named(const struct call_row *row, const char *name, size_t length)
{
	if (length >= sizeof row->name)
		return 0;
	for (size_t i = 0; i < length; i++)
		if (row->name[i] != name[i])
			return 0;
	return row->name[length] == '\0';
}

int call_number(const char *name, size_t length, uint32_t arch)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (length > 0 && is_named(&rows[i], name, length))
			return arch == AUDIT_ARCH_X86_64 ? rows[i].x86_64 : rows[i].arm64;
	return CALL_UNKNOWN;
}
