#include "lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "json.h"

static struct {
	char bytes[1U << 14];
	size_t used, taken;
} input;

int read_input(void)
{
	memmove(input.bytes, input.bytes + input.taken, input.used - input.taken);
	input.used -= input.taken;
	input.taken = 0;
	if (input.used == sizeof input.bytes)
		refuse("bad-line", "a line of the input is too long");
	ssize_t size = read(STDIN_FILENO, input.bytes + input.used, sizeof input.bytes - input.used);
	if (size > 0)
		input.used += (size_t)size;
	return size > 0 || (size < 0 && (errno == EINTR || errno == EAGAIN));
}

char *next_line(void)
{
	char *line = input.bytes + input.taken;
	char *end = memchr(line, '\n', input.used - input.taken);
	if (end == NULL)
		return NULL;
	*end = '\0';
	input.taken += (size_t)(end - line) + 1;
	return line;
}
