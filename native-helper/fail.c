#include "fail.h"

#include "kernel.h"
#include "text.h"

void report(struct failure failure)
{
	char line[MESSAGE_SIZE];
	size_t length = message_write(line, program_name, &failure);
	/* Nobody is left to tell if this fails: the exit status says the kind of failure all the same. */
	(void)kernel_write(2, line, length);
}

_Noreturn void fail(int status, struct failure failure)
{
	report(failure);
	kernel_exit(status);
}

static int print(const char *text)
{
	size_t length = 0;
	while (text[length] != '\0')
		length++;
	return kernel_write(1, text, length) == (long)length ? 0 : 1;
}

_Noreturn void print_and_exit(const char *text)
{
	kernel_exit(print(text));
}

_Noreturn void print_version(void)
{
	kernel_exit(print(program_name) || print(" " VERSION "\n"));
}

void answer_help(const char *word, const char *usage)
{
	if (word != NULL && is_equal(word, "--help"))
		print_and_exit(usage);
	if (word != NULL && is_equal(word, "--version"))
		print_version();
}
