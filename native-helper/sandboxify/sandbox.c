#include "sandbox.h"

#include "base/fail.h"
#include "base/kernel.h"
#include "list-filter.h"

struct sandbox_request take_request(const char *const *environment)
{
	struct sandbox_request request;
	struct failure failure;
	if (!request_read(environment, &request, &failure))
		fail(EXIT_INVALID_ARGUMENT, failure);
	return request;
}

uint32_t write_filter(const struct sandbox_request *request, struct sock_filter program[PROGRAM_MAX])
{
	static uint8_t listed[CALL_NUMBERS];
	struct failure failure;
	if (!request_calls(request, NATIVE_ARCH, listed, &failure))
		fail(EXIT_INVALID_ARGUMENT, failure);
	for (const char *list = request->list; list != NULL;) {
		char line[REQUEST_LINE_SIZE];
		size_t length = request_line(&list, NATIVE_ARCH, line);
		/* The filter doesn't depend on whether anybody reads the line. */
		(void)kernel_write(2, line, length);
	}
	enum list_kind kind = request->kind == REQUEST_ALLOW ? LIST_ALLOWS : LIST_DENIES;
	return list_filter_write(program, NATIVE_ARCH, kind, listed, request->refusal);
}
