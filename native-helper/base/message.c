#include "message.h"

#include <linux/errno.h>

/* Bytes of a name that are shown; the rest is cut. */
#define NAME_MAX_SHOWN 160

struct error_row {
	int error;
	char name[14];
	char text[38];
};

#define ROW(error, text) {error, #error, text}

/* The errors that our calls can fail with. Fixed-size rows: pointers would need relocations. */
static const struct error_row errors[] = {
	ROW(EPERM, "operation not permitted"),
	ROW(ENOENT, "no such file or directory"),
	ROW(ESRCH, "no such process"),
	ROW(EINTR, "interrupted"),
	ROW(EIO, "input or output error"),
	ROW(ENXIO, "no such device or address"),
	ROW(E2BIG, "arguments or environment too long"),
	ROW(ENOEXEC, "not a program that this kernel runs"),
	ROW(EBADF, "bad file descriptor"),
	ROW(ECHILD, "no such child process"),
	ROW(EAGAIN, "try again"),
	ROW(ENOMEM, "out of memory"),
	ROW(EACCES, "permission denied"),
	ROW(EFAULT, "bad address"),
	ROW(EBUSY, "busy"),
	ROW(ENODEV, "no such device"),
	ROW(ENOTDIR, "not a directory"),
	ROW(EISDIR, "is a directory"),
	ROW(EINVAL, "invalid argument"),
	ROW(ENFILE, "too many open files in the system"),
	ROW(EMFILE, "too many open files"),
	ROW(ETXTBSY, "file is being written"),
	ROW(EPIPE, "the other end is closed"),
	ROW(ENAMETOOLONG, "name too long"),
	ROW(ENOSYS, "call not available"),
	ROW(ELOOP, "too many symbolic links"),
	ROW(EOVERFLOW, "value too large"),
	ROW(ELIBBAD, "bad dynamic linker"),
	ROW(ESTALE, "stale file handle"),
};

struct line {
	char *text;
	size_t length;
};

/* The last byte of the line stays free for the newline. */
static void put_char(struct line *line, char c)
{
	if (line->length < MESSAGE_SIZE - 1)
		line->text[line->length++] = c;
}

static void put(struct line *line, const char *text)
{
	for (; *text != '\0'; text++)
		put_char(line, *text);
}

static void put_number(struct line *line, unsigned int number)
{
	if (number >= 10)
		put_number(line, number / 10);
	put_char(line, (char)('0' + number % 10));
}

/* Outside text can hold anything: bytes other than printable ASCII become \xHH, so that one failure stays one line. */
static void put_quoted(struct line *line, const char *name)
{
	static const char digits[] = "0123456789abcdef";
	put_char(line, '\'');
	for (size_t i = 0; name[i] != '\0'; i++) {
		if (i == NAME_MAX_SHOWN) {
			put(line, "...");
			break;
		}
		unsigned char byte = (unsigned char)name[i];
		if (byte >= ' ' && byte <= '~') {
			put_char(line, name[i]);
		} else {
			put(line, "\\x");
			put_char(line, digits[byte >> 4]);
			put_char(line, digits[byte & 15]);
		}
	}
	put_char(line, '\'');
}

static void put_error(struct line *line, int error)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		if (errors[i].error == error) {
			put(line, errors[i].name);
			put(line, " (");
			put(line, errors[i].text);
			put(line, ")");
			return;
		}
	}
	put(line, "errno ");
	put_number(line, (unsigned int)error);
}

size_t message_write(char line[MESSAGE_SIZE], const char *program, const struct failure *failure)
{
	struct line out = {line, 0};
	put(&out, program);
	put(&out, ": ");
	put(&out, failure->what);
	if (failure->name != NULL) {
		put_char(&out, ' ');
		put_quoted(&out, failure->name);
	}
	if (failure->rest != NULL) {
		put_char(&out, ' ');
		put(&out, failure->rest);
	}
	if (failure->error != 0) {
		put(&out, ": ");
		put_error(&out, failure->error);
	}
	if (failure->hint != NULL) {
		put(&out, "; ");
		put(&out, failure->hint);
	}
	line[out.length++] = '\n';
	return out.length;
}
