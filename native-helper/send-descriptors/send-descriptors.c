/*
 * send-descriptors COUNT: sends a message over a socket, and open files with it (SCM_RIGHTS, unix(7)), which Node
 * can't. The message is read from standard input to its end, the socket is descriptor 3, the files are the COUNT
 * descriptors from 4 on. They go with the first byte. The socket may be non-blocking.
 *
 * The exit status is 0 once all of it is sent; else one line on standard error says why.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"

const char program_name[] = "send-descriptors";

#define MESSAGE 0
#define BUS 3
#define FIRST_FILE 4
#define FILES_MAX 9 /* one digit; the kernel takes 253 */

static char buffer[1U << 16];

static void await_room(void)
{
	struct pollfd bus = {.fd = BUS, .events = POLLOUT};
	if (poll(&bus, 1, -1) < 0 && errno != EINTR)
		fail(1, (struct failure){.what = "can't wait for the socket", .error = errno});
}

/* Puts the files into a message, as the kernel takes them. */
static void attach_files(struct msghdr *message, struct cmsghdr *header, size_t file_count)
{
	int files[FILES_MAX];
	for (size_t i = 0; i < file_count; i++)
		files[i] = (int)(FIRST_FILE + i);
	size_t size = file_count * sizeof files[0];
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = (socklen_t)CMSG_LEN(size);
	memcpy(CMSG_DATA(header), files, size);
	message->msg_control = header;
	message->msg_controllen = header->cmsg_len;
}

/* Sends bytes, the files with the first of them. */
static void send_all(char *bytes, size_t size, size_t file_count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(FILES_MAX * sizeof(int))];
	} control = {.room = {0}};
	struct iovec part = {bytes, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (file_count > 0)
		attach_files(&message, &control.header, file_count);
	while (part.iov_len > 0) {
		ssize_t sent = sendmsg(BUS, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			await_room();
			continue;
		}
		if (sent < 0)
			fail(1, (struct failure){.what = "can't send the message", .error = errno});
		part.iov_base = (char *)part.iov_base + sent;
		part.iov_len -= (size_t)sent;
		message.msg_control = NULL;
		message.msg_controllen = 0;
	}
}

static size_t parse_count(const char *word)
{
	if (word == NULL || word[0] < '0' || word[0] > '9' || word[1] != '\0')
		fail(EXIT_INVALID_ARGUMENT,
		     (struct failure){.what = "how many files?", .hint = "see send-descriptors --help"});
	return (size_t)(word[0] - '0');
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: send-descriptors COUNT <MESSAGE 3<>SOCKET 4<>FILE...\n"
		"Sends a message with COUNT open files over a socket. Part of sandbox-unit run.\n";
	const char *word = argc > 1 ? argv[1] : NULL;
	answer_help(word, usage);
	size_t file_count = parse_count(word);
	for (;;) {
		ssize_t length = read(MESSAGE, buffer, sizeof buffer);
		if (length < 0)
			fail(1, (struct failure){.what = "can't read the message", .error = errno});
		if (length == 0)
			return 0;
		send_all(buffer, (size_t)length, file_count);
		file_count = 0;
	}
}
