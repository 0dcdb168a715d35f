/*
 * send-descriptors COUNT: sends a message over a socket, and open files with it (SCM_RIGHTS, unix(7)), which Node
 * can't. The message is read from standard input to its end, the socket is descriptor 3, the files are the COUNT
 * descriptors from 4 on. They go with the first byte. The socket may be non-blocking.
 *
 * The exit status is 0 once all of it is sent; else one line on standard error says what failed.
 */
#include "fail.h"
#include "kernel-stream.h"
#include "launcher.h"
#include "memory.h"

const char program_name[] = "send-descriptors";

#define MESSAGE 0
#define BUS 3
#define FIRST_FILE 4
#define FILES_MAX 9 /* one digit; the kernel takes 253 */

static char buffer[1U << 16];

/* The files of a message, as the kernel takes them. */
struct rights {
	struct cmsghdr header;
	int32_t files[FILES_MAX];
};

static void await_room(void)
{
	struct pollfd bus = {.fd = BUS, .events = POLLOUT};
	long result = kernel_poll(&bus, 1);
	if (result < 0 && result != -EINTR)
		fail(1, (struct failure){.what = "can't wait for the socket", .error = (int)-result});
}

/* Sends bytes, the files with the first of them. */
static void send_all(char *bytes, size_t size, size_t file_count)
{
	struct rights rights = {.header = {.level = SOL_SOCKET, .type = SCM_RIGHTS}};
	for (size_t i = 0; i < file_count; i++)
		rights.files[i] = (int32_t)(FIRST_FILE + i);
	rights.header.size = sizeof rights.header + file_count * sizeof rights.files[0];
	struct iovec part = {bytes, size};
	struct msghdr message = {.parts = &part, .part_count = 1};
	if (file_count > 0) {
		message.control = &rights;
		message.control_size = rights.header.size;
	}
	while (part.size > 0) {
		long sent = kernel_sendmsg(BUS, &message, MSG_NOSIGNAL);
		if (sent == -EAGAIN) {
			await_room();
			continue;
		}
		if (sent < 0)
			fail(1, (struct failure){.what = "can't send the message", .error = (int)-sent});
		part.base = (char *)part.base + sent;
		part.size -= (size_t)sent;
		message.control = NULL;
		message.control_size = 0;
	}
}

static size_t parse_count(const char *word)
{
	if (word == NULL || word[0] < '0' || word[0] > '9' || word[1] != '\0')
		fail(EXIT_INVALID_ARGUMENT,
		     (struct failure){.what = "how many files?", .hint = "see send-descriptors --help"});
	return (size_t)(word[0] - '0');
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	static const char usage[] =
		"usage: send-descriptors COUNT <MESSAGE 3<>SOCKET 4<>FILE...\n"
		"Sends a message with COUNT open files over a socket. Part of sandbox-unit run.\n";
	(void)envp;
	(void)euid;
	const char *word = argv[0] == NULL ? NULL : argv[1];
	answer_help(word, usage);
	size_t file_count = parse_count(word);
	for (;;) {
		long length = kernel_read(MESSAGE, buffer, sizeof buffer);
		if (length < 0)
			fail(1, (struct failure){.what = "can't read the message", .error = (int)-length});
		if (length == 0)
			kernel_exit(0);
		send_all(buffer, (size_t)length, file_count);
		file_count = 0;
	}
}
