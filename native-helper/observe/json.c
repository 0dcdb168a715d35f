#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hosted/output.h"

void print_text(const char *bytes, size_t size)
{
	putchar('"');
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\')
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

void print_comma(int *is_first)
{
	if (!*is_first)
		putchar(',');
	*is_first = 0;
}

void refuse(const char *code, const char *format, ...)
{
	char message[1024];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	printf("{\"error\":{\"code\":\"%s\",\"message\":", code);
	print_text(message, strlen(message));
	printf("}}\n");
	flush_output();
	exit(1);
}
