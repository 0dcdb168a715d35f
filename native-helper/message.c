#include "message.h"

/* Bytes of a name that are shown; the rest is cut. */
#define NAME_MAX_SHOWN 160

struct error_row {
	int error;
	char name[14];
	char text[38];
};

/* What the launcher's calls can fail with. Fixed-size rows: pointers would need relocations. */
static const struct error_row errors[] = {
	{1, "EPERM", "operation not permitted"},
	{2, "ENOENT", "no such file or directory"},
	{3, "ESRCH", "no such process"},
	{4, "EINTR", "interrupted"},
	{5, "EIO", "input or output error"},
	{6, "ENXIO", "no such device or address"},
	{7, "E2BIG", "arguments or environment too long"},
	{8, "ENOEXEC", "not a program that this kernel runs"},
	{9, "EBADF", "bad file descriptor"},
	{10, "ECHILD", "no such child process"},
	{11, "EAGAIN", "try again"},
	{12, "ENOMEM", "out of memory"},
	{13, "EACCES", "permission denied"},
	{14, "EFAULT", "bad address"},
	{16, "EBUSY", "busy"},
	{19, "ENODEV", "no such device"},
	{20, "ENOTDIR", "not a directory"},
	{21, "EISDIR", "is a directory"},
	{22, "EINVAL", "invalid argument"},
	{23, "ENFILE", "too many open files in the system"},
	{24, "EMFILE", "too many open files"},
	{26, "ETXTBSY", "file is being written"},
	{32, "EPIPE", "the other end is closed"},
	{36, "ENAMETOOLONG", "name too long"},
	{38, "ENOSYS", "call not available"},
	{40, "ELOOP", "too many symbolic links"},
	{75, "EOVERFLOW", "value too large"},
	{80, "ELIBBAD", "bad dynamic linker"},
	{116, "ESTALE", "stale file handle"},
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

/* Outside text can hold anything: what isn't printable ASCII becomes \xHH, so that one failure stays one line. */
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
