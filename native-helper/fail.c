#include "fail.h"

#include "kernel.h"

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

_Noreturn void print_and_exit(const char *text, size_t length)
{
	kernel_exit(kernel_write(1, text, length) == (long)length ? 0 : 1);
}
