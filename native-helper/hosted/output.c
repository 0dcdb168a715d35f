#include "output.h"

#include <errno.h>
#include <stdio.h>

#include "base/fail.h"

void buffer_output(void)
{
	static char buffer[1U << 16];
	(void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
}

void flush_output(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		fail(1, (struct failure){.what = "can't print", .error = errno});
}
