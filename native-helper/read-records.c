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
#include "fail.h"
#include "kernel-audit.h"
#include "launcher.h"
#include "load.h"
#include "memory.h"
#include "output.h"
#include "text.h"

const char program_name[] = "read-records";

#define BUFFER_SIZE (1 << 25) /* of the socket, in bytes: a hundred thousand records */

/* How long a record that this program causes may be on its way, in seconds. */
#define PATIENCE 3

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
	struct sockaddr_nl address = {.family = AF_NETLINK, .groups = 1U << (AUDIT_NLGRP_READLOG - 1)};
	int fd = (int)kernel_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	long result = fd < 0 ? fd : kernel_bind(fd, &address);
	if (result < 0)
		fail(1, (struct failure){.what = "can't listen to the kernel's records",
					 .error = (int)-result,
					 .hint = "it takes CAP_AUDIT_READ, outside of any container"});
	if (kernel_setsockopt(fd, SO_RCVBUFFORCE, BUFFER_SIZE) < 0)
		(void)kernel_setsockopt(fd, SO_RCVBUF, BUFFER_SIZE);
	return fd;
}

/* Has one call recorded that this program makes, and all others done. */
static void prepare_mark(struct mark *mark)
{
	uint32_t random = 0;
	(void)kernel_getrandom(&random, sizeof random);
	/* Above all numbers of calls, below the bit of x32. */
	mark->nr = 0x20000000U | (random & 0x1fffffffU);
	char *end = append(append_number(append(mark->field, " syscall="), mark->nr), " ");
	*end = '\0';
	struct sock_filter filter[] = {
		{.code = BPF_LOAD_WORD, .k = SECCOMP_DATA_NR},
		{.code = BPF_JUMP_IF_EQUAL, .jf = 1, .k = mark->nr},
		{.code = BPF_RETURN, .k = SECCOMP_RET_LOG},
		{.code = BPF_RETURN, .k = SECCOMP_RET_ALLOW},
	};
	set_no_new_privileges();
	load_program(filter, sizeof filter / sizeof filter[0], 0);
}

static const char *find(const char *text, const char *word)
{
	for (; *text != '\0'; text++) {
		const char *rest = after(text, word);
		if (rest != NULL)
			return rest;
	}
	return NULL;
}

/* A control character would begin a line of its own, or what a terminal takes for more than text. */
static void print_line(const char *word, const char *text)
{
	print(word);
	for (; *text != '\0' && *text != '\n'; text++)
		print_char((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	print_char('\n');
}

static void print_groups(const char *record)
{
	static char text[8192];
	char path[32];
	const char *pid = find(record, " pid=");
	if (pid == NULL)
		return;
	char *end = append(path, "/proc/");
	for (; *pid >= '0' && *pid <= '9' && end < path + 20; pid++)
		*end++ = *pid;
	*append(end, "/cgroup") = '\0';
	int fd = (int)kernel_openat(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	long size = kernel_read(fd, text, sizeof text - 1);
	(void)kernel_close((uint32_t)fd);
	text[size < 0 ? 0 : size] = '\0';
	for (const char *line = text; *line != '\0';) {
		print_line("group ", line);
		while (*line != '\0' && *line++ != '\n')
			;
	}
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
	const size_t head = sizeof received.header;
	struct sockaddr_nl sender = {.port = 1};
	struct iovec part = {.size = sizeof received - 1};
	part.base = &received;
	struct msghdr message = {.name = &sender, .name_size = sizeof sender, .parts = &part, .part_count = 1};
	long size = kernel_recvmsg(fd, &message, MSG_DONTWAIT);
	if (size == -EAGAIN)
		return NOTHING;
	if (size == -ENOBUFS)
		return LOST;
	if (size < 0 && size != -EINTR)
		fail(1, (struct failure){.what = "can't receive a record", .error = (int)-size});
	if (size < (long)head || sender.port != 0 || received.header.type != AUDIT_SECCOMP)
		return OTHER;
	received.bytes[size] = '\0';
	return RECORD;
}

/* Of a flood of records others may be taken later. */
#define MOST_AT_ONCE 1000

/* Takes what has come. Returns whether the mark's record is among it, or may be among those that were dropped. */
static int take(int fd, const struct mark *mark, int listening)
{
	const char *text = received.bytes + sizeof received.header;
	int marked = 0;
	enum receipt receipt = OTHER;
	for (int i = 0; i < MOST_AT_ONCE && receipt != NOTHING; i++) {
		receipt = receive(fd);
		if (receipt == LOST && listening)
			print("lost\n");
		if (receipt == LOST || (receipt == RECORD && find(text, mark->field) != NULL)) {
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
	(void)kernel_call((long)mark->nr, 0, 0, 0, 0, 0);
	while (kernel_poll_for(&socket, 1, PATIENCE) > 0)
		if (take(fd, mark, listening))
			return 1;
	return 0;
}

static void listen_until_end_of_input(int fd, const struct mark *mark)
{
	struct pollfd all[] = {{.fd = 0, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	char byte;
	for (;;) {
		flush();
		(void)kernel_poll(all, 2);
		(void)take(fd, mark, 1);
		if (all[0].revents != 0 && kernel_read(0, &byte, 1) <= 0)
			return;
	}
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	(void)envp;
	(void)euid;
	static const char usage[] =
		"usage: read-records\n"
		"Prints the kernel's records of refused calls until its input ends. Part of sandbox-unit explain.\n";
	const char *word = argv[0] == NULL ? NULL : argv[1];
	answer_help(word, usage);
	if (word != NULL)
		fail(EXIT_INVALID_ARGUMENT, (struct failure){.what = "it takes no", .name = word,
							     .hint = "see read-records --help"});
	struct mark mark;
	int fd = open_socket();
	prepare_mark(&mark);
	if (!await_mark(fd, &mark, 0))
		fail(1, (struct failure){.what = "no records come",
					 .hint = "it takes a kernel with audit, outside of any container"});
	print("listening\n");
	listen_until_end_of_input(fd, &mark);
	if (!await_mark(fd, &mark, 1))
		print("lost\n");
	flush();
	kernel_exit(0);
}
