#include "filter.h"

#include <linux/seccomp.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the filter file and the guard assume little-endian");

static uint32_t read_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static const char *check_header(const uint8_t *bytes, size_t size)
{
	static const char magic[8] = {'S', 'B', 'X', 'U', 'N', 'I', 'T', 'F'};
	if (size < FILTER_SIZE_MIN)
		return "is too short";
	if (size > FILTER_SIZE_MAX)
		return "is too long";
	for (size_t i = 0; i < sizeof magic; i++)
		if (bytes[i] != (uint8_t)magic[i])
			return "does not begin as a filter file does";
	if (read_u32(bytes + 8) != FILTER_VERSION)
		return "has a version that this launcher doesn't know";
	if (read_u32(bytes + 12) > FILTER_STAGE_READY)
		return "asks for a stage that this launcher doesn't know";
	if (read_u32(bytes + 16) & ~FILTER_FLAGS_KNOWN)
		return "has flags that this launcher doesn't know";
	uint32_t count = read_u32(bytes + 20);
	if (count < 1 || count > FILTER_PROGRAMS_MAX)
		return "must hold one to eight programs";
	if (size < FILTER_HEADER_SIZE + count * FILTER_ENTRY_SIZE)
		return "is too short";
	return NULL;
}

/* Whether one of the first `count` entries has this architecture and role. */
static int has_entry(const uint8_t *entries, uint32_t count, uint32_t arch, uint32_t role)
{
	for (uint32_t i = 0; i < count; i++)
		if (read_u32(entries + i * FILTER_ENTRY_SIZE) == arch &&
		    read_u32(entries + i * FILTER_ENTRY_SIZE + 4) == role)
			return 1;
	return 0;
}

/* Checks the i-th of `count` entries by itself and against the others; `role_max` is the stage's last role. */
static const char *check_entry(const uint8_t *entries, uint32_t count, uint32_t i, uint32_t role_max)
{
	const uint8_t *entry = entries + i * FILTER_ENTRY_SIZE;
	uint32_t arch = read_u32(entry);
	uint32_t role = read_u32(entry + 4);
	uint32_t length = read_u32(entry + 8);
	if (role > role_max)
		return "has a program of a role that this launcher doesn't know";
	if (length < 1 || length > PROGRAM_MAX)
		return "has a program that is empty or too long";
	if (has_entry(entries, i, arch, role))
		return "has two programs of one role for one architecture";
	if (!has_entry(entries, count, arch, role_max - role))
		return "has for an architecture only one of the two programs of stage 'entry'";
	return NULL;
}

const char *filter_parse(const uint8_t *bytes, size_t size, uint32_t arch, struct filter *filter)
{
	const char *problem = check_header(bytes, size);
	if (problem != NULL)
		return problem;

	const uint8_t *entries = bytes + FILTER_HEADER_SIZE;
	uint32_t stage = read_u32(bytes + 12);
	uint32_t count = read_u32(bytes + 20);
	size_t end = FILTER_HEADER_SIZE + count * FILTER_ENTRY_SIZE;
	struct program programs[FILTER_ROLE_START + 1] = {0};
	for (uint32_t i = 0; i < count; i++) {
		problem = check_entry(entries, count, i, stage == FILTER_STAGE_ENTRY ? FILTER_ROLE_START : FILTER_ROLE_MAIN);
		if (problem != NULL)
			return problem;
		const uint8_t *entry = entries + i * FILTER_ENTRY_SIZE;
		uint32_t length = read_u32(entry + 8);
		if (read_u32(entry) == arch)
			programs[read_u32(entry + 4)] = (struct program){.length = length, .instructions = bytes + end};
		end += (size_t)length * INSTRUCTION_SIZE;
	}
	if (end != size)
		return "is not as long as its header says";
	if (programs[FILTER_ROLE_MAIN].length == 0)
		return "has no program for this machine";
	*filter = (struct filter){
		.stage = stage,
		.flags = read_u32(bytes + 16),
		.main = programs[FILTER_ROLE_MAIN],
		.start = programs[FILTER_ROLE_START],
	};
	return NULL;
}

/* The six bits of a base64 character, or 64. */
static uint32_t sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return 64;
}

const char *base64_decode(const char *text, uint8_t *bytes, size_t *size)
{
	size_t room = *size;
	size_t used = 0;
	while (*text != '\0') {
		uint32_t bits = 0;
		size_t padding = 0;
		for (size_t i = 0; i < 4; i++, text++) {
			if (*text == '\0')
				return "in base64 must have a multiple of four characters, padded with '='";
			if (*text == '=' && i >= 2) {
				padding++;
				bits <<= 6;
				continue;
			}
			uint32_t value = sextet(*text);
			if (value == 64 || padding > 0)
				return "in base64 has a character that doesn't belong there";
			bits = bits << 6 | value;
		}
		if (padding > 0 && *text != '\0')
			return "in base64 has a character that doesn't belong there";
		if (bits & ((1U << (8 * padding)) - 1))
			return "in base64 has bits behind its end";
		if (room - used < 3 - padding)
			return "is too long";
		for (size_t i = 0; i < 3 - padding; i++)
			bytes[used++] = (uint8_t)(bits >> (16 - 8 * i));
	}
	*size = used;
	return NULL;
}

static struct sock_filter load_word(size_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* Goes on where A equals `value`, else to the guard's last instruction. `index` is the place of the jump itself. */
static struct sock_filter require(uint32_t index, uint32_t value)
{
	uint8_t distance = (uint8_t)(GUARD_LENGTH - 1 - (index + 1));
	return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, distance);
}

void guard_write(struct sock_filter guard[GUARD_LENGTH], uint32_t arch, uint32_t nr_execve, const uint64_t key[KEY_WORDS])
{
	uint32_t n = 0;
	/* The number comes first: it settles almost every call in two instructions. */
	guard[n++] = load_word(offsetof(struct seccomp_data, nr));
	guard[n] = require(n, nr_execve);
	n++;
	guard[n++] = load_word(offsetof(struct seccomp_data, arch));
	guard[n] = require(n, arch);
	n++;
	/* Little-endian: an argument's lower half comes first. */
	for (uint32_t half = 0; half < 2 * KEY_WORDS; half++) {
		guard[n++] = load_word(offsetof(struct seccomp_data, args[3]) + 4 * half);
		guard[n] = require(n, (uint32_t)(key[half / 2] >> (32 * (half % 2))));
		n++;
	}
	guard[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	/*
	 * A program starts with A = 0, and the policy's must not see what the guard loaded. It is an AND because the kernel
	 * follows that one when it works out which calls are always allowed (seccomp_is_const_allow), but not BPF_IMM.
	 */
	guard[n] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0);
}
