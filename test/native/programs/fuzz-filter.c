/* A libFuzzer target: the filter file, and the same bytes as base64 text, as the launcher reads them. */
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native-helper/seccomp/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Every instruction must be in the file. */
static void check_program(const struct program *program, const uint8_t *file, size_t size)
{
	if (program->length == 0)
		return;
	size_t offset = (size_t)(program->instructions - file);
	if (program->length > PROGRAM_MAX || offset < FILTER_HEADER_SIZE + FILTER_ENTRY_SIZE || offset > size ||
	    program->length > (size - offset) / INSTRUCTION_SIZE)
		abort();
}

static void read_file(const uint8_t *file, size_t size, uint32_t arch)
{
	struct filter filter;
	if (filter_parse(file, size, arch, &filter) != NULL)
		return;
	if (filter.main.length == 0 || (filter.start.length == 0) == (filter.stage == FILTER_STAGE_ENTRY))
		abort();
	check_program(&filter.main, file, size);
	check_program(&filter.start, file, size);
}

static void read_text(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);
	size_t room = size / 2, used = room;
	uint8_t *decoded = malloc(room);
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (base64_decode(text, decoded, &used) == NULL && (used > room || strlen(text) != (used + 2) / 3 * 4))
		abort();
	free(decoded);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	read_file(bytes, size, AUDIT_ARCH_X86_64);
	read_file(bytes, size, AUDIT_ARCH_AARCH64);
	read_text(bytes, size);
	return 0;
}
