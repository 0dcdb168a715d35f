/*
 * Prints the kernel's seccomp records of processes with a name, as they come (netlink group AUDIT_NLGRP_READLOG):
 *
 *	seccomp-records NAME
 *
 * The first line is "listening". The kernel's log has the same records, but drops most when there are many.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1)};
	static union {
		struct nlmsghdr header;
		char bytes[1 << 16];
	} message;
	char name[64];
	int size = 1 << 24;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (argc != 2 || snprintf(name, sizeof name, " comm=\"%s\" ", argv[1]) >= (int)sizeof name)
		errx(1, "usage: seccomp-records NAME");
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
		err(1, "can't listen");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	for (;;) {
		ssize_t length = recv(fd, &message, sizeof message - 1, 0);
		if (length < 0 && errno != ENOBUFS && errno != EINTR)
			err(1, "can't receive");
		if (length < (ssize_t)NLMSG_HDRLEN || message.header.nlmsg_type != AUDIT_SECCOMP)
			continue;
		message.bytes[length] = '\0';
		const char *text = NLMSG_DATA(&message.header);
		if (strstr(text, name) != NULL)
			puts(text);
	}
}
