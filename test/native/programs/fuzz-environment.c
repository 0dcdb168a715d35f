/* A libFuzzer target: an environment, a word a line, as sandboxify and libsandbox.so read it. */
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "../../../native-helper/sandboxify/list-filter.h"
#include "../../../native-helper/sandboxify/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define JUMP (BPF_JMP | BPF_JA)
#define RETURN (BPF_RET | BPF_K)

/* A kernel wants of a program that it ends, within itself. */
static void check_program(const struct sock_filter *program, uint32_t length)
{
	if (length == 0 || length > PROGRAM_MAX || program[length - 1].code != RETURN)
		abort();
	for (uint32_t i = 0; i < length; i++) {
		uint32_t code = program[i].code, left = length - 1 - i;
		if (code == JUMP ? program[i].k >= left
				     : code != RETURN && code != LOAD &&
					       (program[i].jt >= left || program[i].jf >= left))
			abort();
	}
}

static void check_lines(const struct sandbox_request *request, uint32_t arch)
{
	for (const char *list = request->list; list != NULL;) {
		char line[REQUEST_LINE_SIZE];
		size_t length = request_line(&list, arch, line);
		if (length > sizeof line || line[length - 1] != '\n')
			abort();
	}
}

static void check_message(const struct failure *failure)
{
	char line[MESSAGE_SIZE];
	size_t length = message_write(line, "sandboxify", failure);
	if (length > sizeof line || memchr(line, '\n', length) != line + length - 1)
		abort();
}

static void read_request(const char **environment, uint32_t arch)
{
	static struct sock_filter program[PROGRAM_MAX];
	struct sandbox_request request;
	struct failure failure;
	uint8_t listed[CALL_NUMBERS];
	if (!request_read(environment, &request, &failure)) {
		check_message(&failure);
		return;
	}
	if (request.list == NULL)
		return;
	if (!request_calls(&request, arch, listed, &failure)) {
		check_message(&failure);
		return;
	}
	check_lines(&request, arch);
	enum list_kind kind = request.kind == REQUEST_ALLOW ? LIST_ALLOWS : LIST_DENIES;
	check_program(program, list_filter_write(program, arch, kind, listed, request.refusal));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);
	const char **environment = calloc(size + 2, sizeof *environment);
	memcpy(text, bytes, size);
	text[size] = '\0';
	size_t count = 0;
	for (char *word = text; word != NULL;) {
		char *end = strchr(word, '\n');
		environment[count++] = word;
		if (end != NULL)
			*end++ = '\0';
		word = end;
	}
	read_request(environment, AUDIT_ARCH_X86_64);
	read_request(environment, AUDIT_ARCH_AARCH64);
	request_remove(environment);
	if (variable(environment, "SECCOMP_SYSCALL_ALLOW") != NULL || variable(environment, "SECCOMP_SYSCALL_DENY") != NULL)
		abort();
	free(environment);
	free(text);
	return 0;
}
