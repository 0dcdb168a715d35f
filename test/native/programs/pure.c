/*
 * The launcher's pure code with a C library, for sanitizers: reads requests from standard input and answers each with a
 * line. A request is a letter, a size (u32, little-endian) and that many bytes:
 *
 *	f  an architecture (u32) and a filter file  ->  "flags=N main=LENGTH@OFFSET [start=LENGTH@OFFSET]" or what is wrong
 *	b  base64 text                              ->  "bytes=HEX" or what is wrong
 *	g  architecture, number (u32), three u64    ->  the guard in hex
 *	m  a name                                   ->  the message of a failure with this name
 *	s  a script                                 ->  "filter=PATH program=PATH" or what is wrong
 *	o  words, each ended by NUL                 ->  "request=N", or the message
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native-helper/filter.h"
#include "../../../native-helper/message.h"
#include "../../../native-helper/options.h"
#include "../../../native-helper/script.h"

static void print_hex(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
	putchar('\n');
}

static void print_filter(const struct filter *filter, const uint8_t *file)
{
	printf("flags=%u main=%u@%td", filter->flags, filter->main.length, filter->main.instructions - file);
	if (filter->stage == FILTER_STAGE_ENTRY)
		printf(" start=%u@%td", filter->start.length, filter->start.instructions - file);
	putchar('\n');
}

static void answer_filter(const uint8_t *bytes, size_t size)
{
	struct filter filter;
	uint32_t arch;
	memcpy(&arch, bytes, sizeof arch);
	/* A copy of its exact size, so that reading past its end is seen. */
	uint8_t *file = malloc(size - 4);
	memcpy(file, bytes + 4, size - 4);
	enum filter_problem problem = filter_parse(file, size - 4, arch, &filter);
	if (problem == FILTER_OK)
		print_filter(&filter, file);
	else
		printf("%s\n", filter_problem_text(problem));
	free(file);
}

static void answer_base64(const char *text)
{
	size_t size = strlen(text) / 4 * 3;
	uint8_t *bytes = malloc(size + 1);
	enum filter_problem problem = base64_decode(text, bytes, &size);
	if (problem == FILTER_OK) {
		printf("bytes=");
		print_hex(bytes, size);
	} else {
		printf("%s\n", filter_problem_text(problem));
	}
	free(bytes);
}

static void answer_guard(const uint8_t *bytes)
{
	struct sock_filter guard[GUARD_LENGTH];
	uint32_t numbers[2];
	uint64_t key[KEY_WORDS];
	memcpy(numbers, bytes, sizeof numbers);
	memcpy(key, bytes + sizeof numbers, sizeof key);
	guard_write(guard, numbers[0], numbers[1], key);
	print_hex(guard, sizeof guard);
}

static void answer_message(const char *name)
{
	char line[MESSAGE_SIZE];
	struct failure failure = {.what = "can't open", .name = name, .rest = "now", .error = 2, .hint = "look"};
	fwrite(line, 1, message_write(line, "sandbox-unit-launcher", &failure), stdout);
}

static void answer_script(const uint8_t *bytes, size_t size)
{
	struct script script = {0};
	char *text = malloc(size);
	memcpy(text, bytes, size);
	const char *problem = script_parse(text, size, &script);
	if (problem == NULL)
		printf("filter=%s program=%s\n", script.filter_file, script.program);
	else
		printf("%s\n", problem);
	free(text);
}

static void answer_options(const uint8_t *bytes, size_t size)
{
	const char **words = calloc(size + 1, sizeof *words);
	struct options options;
	struct failure failure;
	char line[MESSAGE_SIZE];
	size_t count = 0;
	for (size_t at = 0; at < size; at += strlen((const char *)bytes + at) + 1)
		words[count++] = (const char *)bytes + at;
	if (options_parse(words, &options, &failure))
		printf("request=%d\n", (int)options.request);
	else
		fwrite(line, 1, message_write(line, "sandbox-unit-launcher", &failure), stdout);
	free(words);
}

int main(void)
{
	char letter;
	uint32_t size;
	while (fread(&letter, 1, 1, stdin) == 1 && fread(&size, sizeof size, 1, stdin) == 1) {
		uint8_t *bytes = calloc(1, (size_t)size + 1);
		if (bytes == NULL || fread(bytes, 1, size, stdin) != size)
			return 1;
		if (letter == 'f' && size >= 4)
			answer_filter(bytes, size);
		else if (letter == 'b')
			answer_base64((const char *)bytes);
		else if (letter == 'g' && size == 32)
			answer_guard(bytes);
		else if (letter == 'm')
			answer_message((const char *)bytes);
		else if (letter == 's')
			answer_script(bytes, size);
		else if (letter == 'o')
			answer_options(bytes, size);
		else
			return 1;
		free(bytes);
	}
	return 0;
}
