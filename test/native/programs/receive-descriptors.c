/*
 * receive-descriptors PATH: takes one connection on a socket and prints what comes until its end. The first received
 * file gets a line, "file INDEX of COUNT", and so does every other. On standard error: after how many bytes files came.
 * Waits for a line on standard input before it reads, so that a sender finds the socket full.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FILES_MAX 16

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int accepted(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0)
		die("listen");
	fprintf(stderr, "listening\n");
	int connection = accept(listener, NULL, NULL);
	if (connection < 0)
		die("accept");
	return connection;
}

static void greet_files(struct msghdr *message, size_t before)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
		int files[FILES_MAX];
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof files[0];
		memcpy(files, CMSG_DATA(part), count * sizeof files[0]);
		fprintf(stderr, "%zu files after %zu bytes\n", count, before);
		for (size_t i = 0; i < count; i++) {
			dprintf(files[i], "file %zu of %zu\n", i, count);
			close(files[i]);
		}
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	static char bytes[1 << 16];
	char control[CMSG_SPACE(FILES_MAX * sizeof(int))];
	int connection = accepted(argv[1]);
	(void)getchar();
	for (size_t total = 0;;) {
		struct iovec part = {bytes, sizeof bytes};
		struct msghdr message = {
			.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
		ssize_t length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
		if (length < 0)
			die("recvmsg");
		greet_files(&message, total);
		if (length == 0)
			return 0;
		total += (size_t)length;
		if (write(1, bytes, (size_t)length) != length)
			die("write");
	}
}
