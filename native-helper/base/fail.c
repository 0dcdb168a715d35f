#include "fail.h"

#include "kernel.h"
#include "text.h"

void report(struct failure failure)
{
	char line[MESSAGE_SIZE];
	size_t length = message_write(line, program_name, &failure);
	/* A write that fails can be reported to nobody. The exit status still says the kind of failure. */
	(void)kernel_write(2, line, length);
}

_Noreturn void fail(int status, struct failure failure)
{
	report(failure);
	kernel_exit(status);
}

/* Prints text on standard output. Returns the exit status. */
static int answer(const char *text)
{
	size_t length = strlen(text);
	return kernel_write(1, text, length) == (long)length ? 0 : 1;
}

void answer_help(const char *word, const char *usage)
{
	if (word != NULL && strcmp(word, "--help") == 0)
		kernel_exit(answer(usage));
	if (word != NULL && strcmp(word, "--version") == 0)
		kernel_exit(answer(program_name) || answer(" " VERSION "\n"));
}
