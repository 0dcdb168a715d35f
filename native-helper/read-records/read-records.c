/*
 * read-records: prints the kernel's records of calls that a seccomp filter refused or recorded, all of them, as they
 * come. The kernel's log has the same, but drops most where there are many. It takes CAP_AUDIT_READ, the machine's own
 * network namespace, and a kernel with audit. It ends when its standard input does. On standard output:
 *
 *	listening               the first line: records do come, since one that this program has caused has come
 *	record TEXT             as the kernel has it: audit(SECONDS.MILLISECONDS:SERIAL): auid=…
 *	group LINE              of the process of the record before, where it is still there: lines of /proc/PID/cgroup
 *	lost                    the kernel has dropped records
 *
 * Control characters are printed as '?'. The exit status is 0, or 1 if no records can be had.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "hosted/monotonic.h"
#include "hosted/output.h"
#include "seccomp/load.h"

const char program_name[] = "read-records";

#define BUFFER_SIZE (1 << 25) /* of the socket, in bytes: a hundred thousand records */

/* How long a record that this program causes may be on its way, in milliseconds. */
#define PATIENCE 3000

/* A call that no kernel has, and no other program makes: its record tells that those before it have come. */
struct mark {
	uint32_t nr;
	char field[32]; /* as in a record: " syscall=NR " */
};

/* One more than the longest record of the kernel, which ends without a NUL. */
static union {
	struct nlmsghdr header;
	char bytes[16384];
} received;

static int open_socket(void)
{
	static const int size = BUFFER_SIZE;
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1)};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		fail(1, (struct failure){.what = "can't listen to the kernel's records",
					 .error = errno,
					 .hint = "it takes CAP_AUDIT_READ, outside of any container"});
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return fd;
}

/* Loads a filter that has the mark's call recorded, and permits all others. */
static void prepare_mark(struct mark *mark)
{
	uint32_t random = 0;
	(void)!getrandom(&random, sizeof random, 0);
	/* Above all numbers of calls, below the bit of x32. */
	mark->nr = 0x20000000U | (random & 0x1fffffffU);
	snprintf(mark->field, sizeof mark->field, " syscall=%u ", mark->nr);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark->nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	set_no_new_privileges();
	load_program(filter, sizeof filter / sizeof filter[0], 0);
}

/* Prints a line. A control character would begin a line of its own, or a command to a terminal. */
static void print_line(const char *word, const char *text)
{
	fputs(word, stdout);
	for (; *text != '\0' && *text != '\n'; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	putchar('\n');
}

static void print_groups(const char *record)
{
	static char line[8192];
	char path[32];
	const char *pid = strstr(record, " pid=");
	if (pid == NULL)
		return;
	snprintf(path, sizeof path, "/proc/%d/cgroup", atoi(pid + strlen(" pid=")));
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof line, file) != NULL)
		print_line("group ", line);
	fclose(file);
}

enum receipt {
	NOTHING, /* there is no more */
	OTHER,
	RECORD, /* `received` has one */
	LOST,
};

/* Takes one message off the socket. Others than the kernel can send to it, too. */
static enum receipt receive(int fd)
{
	struct sockaddr_nl sender = {.nl_pid = 1};
	socklen_t sender_size = sizeof sender;
	ssize_t size = recvfrom(fd, &received, sizeof received - 1, MSG_DONTWAIT, (struct sockaddr *)&sender, &sender_size);
	if (size < 0 && errno == EAGAIN)
		return NOTHING;
	if (size < 0 && errno == ENOBUFS)
		return LOST;
	if (size < 0 && errno != EINTR)
		fail(1, (struct failure){.what = "can't receive a record", .error = errno});
	if (size < (ssize_t)sizeof received.header || sender.nl_pid != 0 || received.header.nlmsg_type != AUDIT_SECCOMP)
		return OTHER;
	received.bytes[size] = '\0';
	return RECORD;
}

/* Messages that are taken at once, at most: in a flood output and the end of the input must have their turn, too. */
#define MOST_AT_ONCE 1000

/* Takes the records that have come. Returns whether the mark's is among them, or may be among those that were dropped. */
static int take(int fd, const struct mark *mark, int listening)
{
	const char *text = received.bytes + sizeof received.header;
	int marked = 0;
	enum receipt receipt = OTHER;
	for (int i = 0; i < MOST_AT_ONCE && receipt != NOTHING; i++) {
		receipt = receive(fd);
		if (receipt == LOST && listening)
			puts("lost");
		if (receipt == LOST || (receipt == RECORD && strstr(text, mark->field) != NULL)) {
			marked = 1;
		} else if (receipt == RECORD && listening) {
			print_line("record ", text);
			print_groups(text);
		}
	}
	return marked;
}

/* Makes the call of the mark and waits for its record, behind all those that are on their way. */
static int await_mark(int fd, const struct mark *mark, int listening)
{
	struct pollfd socket = {.fd = fd, .events = POLLIN};
	const int64_t until = monotonic_time() / 1000000 + PATIENCE;
	(void)syscall((long)mark->nr);
	for (;;) {
		const int64_t left = until - monotonic_time() / 1000000;
		if (left <= 0 || poll(&socket, 1, (int)left) <= 0)
			return 0;
		if (take(fd, mark, listening))
			return 1;
	}
}

static void listen_until_end_of_input(int fd, const struct mark *mark)
{
	struct pollfd all[] = {{.fd = 0, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	char byte;
	for (;;) {
		flush_output();
		(void)poll(all, 2, -1);
		(void)take(fd, mark, 1);
		if (all[0].revents != 0 && read(0, &byte, 1) <= 0)
			return;
	}
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: read-records\n"
		"Prints the kernel's records of refused calls until its input ends. Part of sandbox-unit explain.\n";
	const char *word = argc > 1 ? argv[1] : NULL;
	answer_help(word, usage);
	if (word != NULL)
		fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "it takes no", .name = word,
							     .hint = "see read-records --help"});
	buffer_output();
	struct mark mark;
	int fd = open_socket();
	prepare_mark(&mark);
	if (!await_mark(fd, &mark, 0))
		fail(1, (struct failure){.what = "no records come",
					 .hint = "it takes a kernel with audit, outside of any container"});
	puts("listening");
	listen_until_end_of_input(fd, &mark);
	if (!await_mark(fd, &mark, 1))
		puts("lost");
	flush_output();
	return 0;
}
