#include "request.h"

#include <linux/seccomp.h>

#include "base/text.h"

#define ALLOW "SECCOMP_SYSCALL_ALLOW"
#define DENY "SECCOMP_SYSCALL_DENY"
#define ACTION "SECCOMP_DEFAULT_ACTION"

/* Bytes of an unknown name that are kept for the message. */
#define UNKNOWN_KEPT 64

/* The value of `entry` if it is NAME=VALUE, or NULL. */
static const char *value_of(const char *entry, const char *name)
{
	const char *rest = after(entry, name);
	return rest != NULL && *rest == '=' ? rest + 1 : NULL;
}

const char *variable(const char *const *environment, const char *name)
{
	for (; *environment != NULL; environment++) {
		const char *value = value_of(*environment, name);
		if (value != NULL)
			return value;
	}
	return NULL;
}

static int refuse(struct failure *failure, struct failure what)
{
	*failure = what;
	return 0;
}

/* Reads a variable. Two values are refused: which of them holds would depend on the reader. */
static int read_variable(const char *const *environment, const char *name, const char **value, struct failure *failure)
{
	*value = NULL;
	for (; *environment != NULL; environment++) {
		const char *found = value_of(*environment, name);
		if (found != NULL && *value != NULL)
			return refuse(failure, (struct failure){.what = "the environment has", .name = name, .rest = "twice"});
		if (found != NULL)
			*value = found;
	}
	return 1;
}

static int read_action(const char *action, struct sandbox_request *request, struct failure *failure)
{
	int has_list = request->kind != REQUEST_NOTHING;
	if (action == NULL)
		return 1;
	if (strcmp(action, "log") == 0) {
		request->refusal = SECCOMP_RET_LOG;
		return 1;
	}
	if (strcmp(action, "allow") != 0)
		return refuse(failure, (struct failure){
					       .what = ACTION " can't be",
					       .name = action,
					       .hint = "set it to log, or unset it to kill at a refused call",
				       });
	if (has_list)
		return refuse(failure, (struct failure){
					       .what = ACTION "=allow means no filter, but there is a list",
					       .hint = "unset one of them",
				       });
	request->kind = REQUEST_NO_FILTER;
	return 1;
}

int request_read(const char *const *environment, struct sandbox_request *request, struct failure *failure)
{
	const char *allow, *deny, *action;
	if (!read_variable(environment, ALLOW, &allow, failure) || !read_variable(environment, DENY, &deny, failure) ||
	    !read_variable(environment, ACTION, &action, failure))
		return 0;
	if (allow != NULL && deny != NULL)
		return refuse(failure, (struct failure){
					       .what = ALLOW " and " DENY " are both set",
					       .hint = "unset one of them",
				       });
	*request = (struct sandbox_request){.kind = REQUEST_NOTHING, .refusal = SECCOMP_RET_KILL_PROCESS};
	if (allow != NULL || deny != NULL) {
		request->kind = allow != NULL ? REQUEST_ALLOW : REQUEST_DENY;
		request->list = allow != NULL ? allow : deny;
	}
	return read_action(action, request, failure);
}

struct failure request_missing(void)
{
	return (struct failure){
		.what = "there is neither " ALLOW " nor " DENY,
		.hint = ACTION "=allow runs the program without a filter",
	};
}

static size_t name_length(const char *list)
{
	return (size_t)(strchrnul(list, ':') - list);
}

/* The list behind its first name, or NULL. */
static const char *behind(const char *list, size_t length)
{
	return list[length] == ':' ? list + length + 1 : NULL;
}

static int refuse_name(const struct sandbox_request *request, const char *name, size_t length, struct failure *failure)
{
	static char unknown[UNKNOWN_KEPT + 1];
	size_t kept = 0;
	for (; kept < length && kept < UNKNOWN_KEPT; kept++)
		unknown[kept] = name[kept];
	unknown[kept] = '\0';
	int allows = request->kind == REQUEST_ALLOW;
	if (*request->list == '\0')
		return refuse(failure, (struct failure){
					       .what = allows ? ALLOW " is empty" : DENY " is empty",
					       .hint = "name calls, separated by colons, or unset it",
				       });
	if (length == 0)
		return refuse(failure, (struct failure){
					       .what = allows ? ALLOW " has an empty name" : DENY " has an empty name",
					       .hint = "names are separated by single colons",
				       });
	return refuse(failure, (struct failure){
				       .what = allows ? ALLOW " has an unknown call" : DENY " has an unknown call",
				       .name = unknown,
				       .hint = "the names are those of syscalls(2)",
			       });
}

int request_calls(const struct sandbox_request *request, uint32_t arch, uint8_t listed[CALL_NUMBERS], struct failure *failure)
{
	for (size_t i = 0; i < CALL_NUMBERS; i++)
		listed[i] = 0;
	for (const char *list = request->list; list != NULL;) {
		size_t length = name_length(list);
		int number = call_number(list, length, arch);
		if (number == CALL_UNKNOWN)
			return refuse_name(request, list, length, failure);
		if (number >= 0)
			listed[number] = 1;
		list = behind(list, length);
	}
	return 1;
}

static size_t put(char *line, size_t length, const char *text, size_t size)
{
	for (size_t i = 0; i < size && length < REQUEST_LINE_SIZE; i++)
		line[length++] = text[i];
	return length;
}

size_t request_line(const char **list, uint32_t arch, char line[REQUEST_LINE_SIZE])
{
	static const char adding[] = "adding ", added[] = " to the process seccomp filter\n";
	static const char skipping[] = "skipping ", skipped[] = ": not a system call of this machine\n";
	size_t name_size = name_length(*list);
	int is_here = call_number(*list, name_size, arch) >= 0;
	size_t length = is_here ? put(line, 0, adding, sizeof adding - 1) : put(line, 0, skipping, sizeof skipping - 1);
	length = put(line, length, *list, name_size);
	*list = behind(*list, name_size);
	if (is_here)
		return put(line, length, added, sizeof added - 1);
	return put(line, length, skipped, sizeof skipped - 1);
}

void request_remove(const char **environment)
{
	const char **kept = environment;
	for (; *environment != NULL; environment++)
		if (value_of(*environment, ALLOW) == NULL && value_of(*environment, DENY) == NULL &&
		    value_of(*environment, ACTION) == NULL)
			*kept++ = *environment;
	*kept = NULL;
}
