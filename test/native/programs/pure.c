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
 *	i  a call (struct seccomp_data), a program  ->  the program's answer to it, in hex
 *	e  architecture (u32), an environment's words  ->  "nothing", "no filter", the filter in hex, or the message
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native-helper/seccomp/filter.h"
#include "../../../native-helper/sandboxify/list-filter.h"
#include "../../../native-helper/base/message.h"
#include "../../../native-helper/launcher/options.h"
#include "../../../native-helper/sandboxify/request.h"
#include "../../../native-helper/launcher/script.h"
#include "../../../native-helper/tighten/interpret.h"

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
	const char *problem = filter_parse(file, size - 4, arch, &filter);
	if (problem == NULL)
		print_filter(&filter, file);
	else
		printf("%s\n", problem);
	free(file);
}

static void answer_base64(const char *text)
{
	size_t size = strlen(text) / 4 * 3;
	uint8_t *bytes = malloc(size + 1);
	const char *problem = base64_decode(text, bytes, &size);
	if (problem == NULL) {
		printf("bytes=");
		print_hex(bytes, size);
	} else {
		printf("%s\n", problem);
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

/* Ended by NULL; the words lie in `bytes`. */
static const char **split_words(const uint8_t *bytes, size_t size)
{
	const char **words = calloc(size + 1, sizeof *words);
	size_t count = 0;
	for (size_t at = 0; at < size; at += strlen((const char *)bytes + at) + 1)
		words[count++] = (const char *)bytes + at;
	return words;
}

static void print_failure(const char *program, const struct failure *failure)
{
	char line[MESSAGE_SIZE];
	fwrite(line, 1, message_write(line, program, failure), stdout);
}

static void answer_options(const uint8_t *bytes, size_t size)
{
	const char **words = split_words(bytes, size);
	struct options options;
	struct failure failure;
	if (options_parse(words, &options, &failure))
		printf("request=%d\n", (int)options.request);
	else
		print_failure("sandbox-unit-launcher", &failure);
	free(words);
}

static void answer_call(const uint8_t *bytes, size_t size)
{
	struct seccomp_data call;
	memcpy(&call, bytes, sizeof call);
	size -= sizeof call;
	/* A copy of its exact size, so that reading past its end is seen. */
	struct sock_filter *program = malloc(size);
	memcpy(program, bytes + sizeof call, size);
	printf("%08x\n", interpret(program, (uint32_t)(size / sizeof *program), &call));
	free(program);
}

static void answer_environment(uint32_t arch, const char *const *environment)
{
	struct sandbox_request request;
	struct failure failure;
	uint8_t listed[CALL_NUMBERS];
	/* Of its exact size, so that writing past its end is seen. */
	struct sock_filter *program = malloc(PROGRAM_MAX * sizeof *program);
	if (!request_read(environment, &request, &failure))
		print_failure("sandboxify", &failure);
	else if (request.kind == REQUEST_NOTHING)
		puts("nothing");
	else if (request.kind == REQUEST_NO_FILTER)
		puts("no filter");
	else if (!request_calls(&request, arch, listed, &failure))
		print_failure("sandboxify", &failure);
	else
		print_hex(program, sizeof *program * list_filter_write(program, arch,
								      request.kind == REQUEST_ALLOW ? LIST_ALLOWS
												    : LIST_DENIES,
								      listed, request.refusal));
	free(program);
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
		else if (letter == 'i' && size > sizeof(struct seccomp_data))
			answer_call(bytes, size);
		else if (letter == 'e' && size >= 4) {
			const char **words = split_words(bytes + 4, size - 4);
			uint32_t arch;
			memcpy(&arch, bytes, sizeof arch);
			answer_environment(arch, words);
			free(words);
		} else
			return 1;
		free(bytes);
	}
	return 0;
}
