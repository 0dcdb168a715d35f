#include "output.h"

#include "fail.h"
#include "kernel.h"

static struct {
	size_t length;
	char text[1U << 16];
} output;

void flush(void)
{
	size_t done = 0;
	while (done < output.length) {
		long written = kernel_write(1, output.text + done, output.length - done);
		if (written <= 0)
			fail(1, (struct failure){.what = "can't print", .error = (int)-written});
		done += (size_t)written;
	}
	output.length = 0;
}

void print_char(char c)
{
	if (output.length == sizeof output.text)
		flush();
	output.text[output.length++] = c;
}

void print(const char *text)
{
	for (; *text != '\0'; text++)
		print_char(*text);
}

void print_number(unsigned int number)
{
	if (number >= 10)
		print_number(number / 10);
	print_char((char)('0' + number % 10));
}
