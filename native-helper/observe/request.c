#include "request.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define ARGUMENTS 6
#define LONGEST_SLICE 864000 /* a day */

unsigned long parse_number(const char *word, unsigned long limit)
{
	char *rest = NULL;
	if (word == NULL || !isdigit((unsigned char)word[0]))
		return limit;
	unsigned long number = strtoul(word, &rest, 10);
	return *rest == '\0' && number < limit ? number : limit;
}

static unsigned int index_of(const char *word, const char *const names[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (word != NULL && names[i] != NULL && strcmp(word, names[i]) == 0)
			return i;
	return count;
}

unsigned int parse_phase(const char *word)
{
	return index_of(word, phase_names, PHASES);
}

/* The next word of a line; NULL at its end. */
static char *next_word(char **rest)
{
	return strsep(rest, " ");
}

/* An argument's number, or NO_ARGUMENT for `-`. Returns 0 for another word. */
static int parse_argument(const char *word, __u8 *argument)
{
	unsigned long number = parse_number(word, ARGUMENTS);
	*argument = number < ARGUMENTS ? (__u8)number : NO_ARGUMENT;
	return number < ARGUMENTS || (word != NULL && strcmp(word, "-") == 0);
}

/* Where the call of the next two words, its ABI and number, stands in the tables; CALLS for none that has a place. */
static unsigned int parse_call(char **rest)
{
	unsigned int abi = index_of(next_word(rest), abi_names, ABIS);
	unsigned long number = parse_number(next_word(rest), 1UL << 31);
	if (abi == ABI_X32)
		number &= ~(unsigned long)X32_BIT;
	return abi < ABIS && number < SLOTS ? abi * SLOTS + (unsigned int)number : CALLS;
}

static int parse_hex(const char *word, __u64 *value)
{
	char *end = NULL;
	if (word == NULL || !isxdigit((unsigned char)word[0]))
		return 0;
	*value = strtoull(word, &end, 16);
	return *end == '\0';
}

static const char *take_watch(struct request *request, char *rest)
{
	struct watch watch = {0};
	unsigned int call = parse_call(&rest);
	int are_arguments = parse_argument(next_word(&rest), &watch.first) && watch.first != NO_ARGUMENT &&
			    parse_argument(next_word(&rest), &watch.second);
	unsigned long size = parse_number(next_word(&rest), 9), offset = parse_number(next_word(&rest), 4096);
	int is_mask = parse_hex(next_word(&rest), &watch.mask);
	int is_size = size == 0 || size == 1 || size == 2 || size == 4 || size == 8;
	if (call == CALLS || !are_arguments || !is_size || offset == 4096 || !is_mask || rest != NULL)
		return "it must be: watch ABI NR A B SIZE OFFSET MASK";
	if (request->watch_count == WATCHES)
		return "there are too many watches";
	watch.size = (__u8)size;
	watch.offset = (__u16)offset;
	__u16 *end = &request->first_watch[call];
	for (int i = 0; *end != 0; i++) {
		if (i == WATCHES_OF_CALL - 1)
			return "the call has too many watches";
		end = &request->watches[*end - 1].next;
	}
	request->watches[request->watch_count++] = watch;
	*end = (__u16)request->watch_count;
	return NULL;
}

static const char *take_look(struct request *request, char *rest)
{
	struct look look = {0};
	unsigned int call = parse_call(&rest);
	unsigned int kind = index_of(next_word(&rest), look_names, LOOK_KINDS);
	int are_arguments = parse_argument(next_word(&rest), &look.path) && parse_argument(next_word(&rest), &look.base);
	if (call == CALLS || kind == LOOK_KINDS || !are_arguments || rest != NULL)
		return "it must be: look ABI NR KIND PATH-ARGUMENT BASE-ARGUMENT";
	look.kind = (__u8)kind;
	for (int i = 0; i < LOOKS; i++) {
		if (request->looks[call][i].kind != LOOK_NOT)
			continue;
		request->looks[call][i] = look;
		return NULL;
	}
	return "the call has too many looks";
}

/* Is one of two directories in the other, or the other itself? */
static int overlap(const char *one, const char *other)
{
	size_t length = strlen(one) < strlen(other) ? strlen(one) : strlen(other);
	const char *longer = strlen(one) < strlen(other) ? other : one;
	return strncmp(one, other, length) == 0 && (longer[length] == '/' || longer[length] == '\0');
}

static const char *take_unit(struct request *request, char *rest)
{
	const char *index = next_word(&rest);
	if (rest == NULL || rest[0] != '/' || rest[strlen(rest) - 1] == '/')
		return "it must be: unit INDEX PATH";
	if (request->unit_count == UNITS)
		return "there are too many units";
	if (parse_number(index, UNITS) != request->unit_count)
		return "the index of a unit is how many came before";
	for (unsigned int i = 0; i < request->unit_count; i++)
		if (overlap(request->units[i], rest))
			return "the control group of a unit is within another's";
	request->units[request->unit_count] = strdup(rest);
	return request->units[request->unit_count++] == NULL ? "there is no memory" : NULL;
}

static const char *take_setup(struct request *request, const char *path, int is_launcher)
{
	if (path == NULL || path[0] != '/')
		return is_launcher ? "it must be: launcher PATH" : "it must be: setup PATH";
	if (request->setup_count == SETUPS)
		return "there are too many programs that set up";
	if (is_launcher)
		request->launchers |= 1U << request->setup_count;
	request->setups[request->setup_count] = strdup(path);
	return request->setups[request->setup_count++] == NULL ? "there is no memory" : NULL;
}

static const char *take_hidden(struct request *request, char *rest)
{
	unsigned long unit = parse_number(next_word(&rest), UNITS);
	if (unit == UNITS || rest == NULL || rest[0] != '/')
		return "it must be: hidden INDEX PATH";
	if (request->hidden_count == HIDDEN)
		return "there are too many hidden paths";
	struct hidden *hidden = &request->hidden[request->hidden_count++];
	/* Names that are compared end with a NUL. */
	size_t length = strnlen(rest, sizeof hidden->words - 1);
	memcpy(hidden->words, rest, length);
	memset(hidden->masks, 0xff, length);
	hidden->unit = (__u32)unit;
	return NULL;
}

/* Seconds, whole or with one decimal. */
static const char *take_slice(struct request *request, char *rest)
{
	unsigned long seconds = parse_number(strsep(&rest, "."), LONGEST_SLICE);
	unsigned long tenths = rest == NULL ? 0 : parse_number(rest, 10);
	unsigned long slice = seconds * 10 + tenths;
	if (seconds == LONGEST_SLICE || tenths == 10 || slice == 0)
		return "it must be: slice SECONDS";
	request->slice = (unsigned int)slice;
	return NULL;
}

const char *take_request_line(struct request *request, char *line)
{
	char *rest = line;
	const char *word = next_word(&rest);
	if (strcmp(word, "slice") == 0)
		return take_slice(request, rest);
	if (strcmp(word, "setup") == 0)
		return take_setup(request, rest, 0);
	if (strcmp(word, "launcher") == 0)
		return take_setup(request, rest, 1);
	if (strcmp(word, "unit") == 0)
		return take_unit(request, rest);
	if (strcmp(word, "watch") == 0)
		return take_watch(request, rest);
	if (strcmp(word, "look") == 0)
		return take_look(request, rest);
	if (strcmp(word, "hidden") == 0)
		return take_hidden(request, rest);
	return "no such word";
}
