/*
 * pty-relay: the caller's terminal for a service. It makes a pseudo-terminal, for systemd's TTYPath=, and carries bytes
 * between it and its own standard input and output, which may be terminals, pipes, files or sockets. Descriptor 3 is a
 * socket to who has started it:
 *
 *	it writes               the pseudo-terminal's path and a newline, once, and another newline when it is detached
 *	it reads a byte         the unit has started: the terminal becomes raw, the carrying begins
 *	it reads the end        the unit has ended, or who has started it has: the service's output so far is still
 *	                        delivered, then this program ends
 *
 * The pseudo-terminal's size follows that of the terminal. ^] three times within a second, typed at a terminal,
 * detaches: the terminal is given back, and later output of the service goes nowhere, until this program is told to end.
 * The end of another standard input is ^D to the service. However this program ends, but for SIGKILL, the terminal is
 * given back as it was, and the service sees the pseudo-terminal hung up. The exit status:
 *
 *	0       told to end, and all is delivered
 *	1       it failed; a line on standard error says why
 *	4       the terminal, or who has read standard output, is gone
 *	128+N   ended by signal N
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "detach.h"
#include "pseudo-terminal.h"
#include "signals.h"
#include "terminal.h"

const char program_name[] = "pty-relay";

#define CONTROL 3

#define EXIT_DELIVERED 0
#define EXIT_FAILED 1
#define EXIT_GONE 4
#define EXIT_SIGNAL 128

#define END_KEY 4 /* ^D */

/* The most that is delivered after the service's end: more than a pseudo-terminal holds. Later output is others'. */
#define MOST_AT_THE_END ((size_t)1 << 20)

/* Bytes on their way, no more than a pipe that is ready takes without blocking (PIPE_BUF). */
struct channel {
	size_t start, end;
	char bytes[4096];
};

static struct {
	struct pseudo_terminal service;
	int signals;
	int output;
	struct channel to_service, from_service;
	int input_is_terminal;
	int is_started, is_detached, is_ending, input_has_ended;
	size_t left; /* the most of the service's output that is still to be delivered */
	char last_input;
} relay;

/* A terminal that was given back is others'. */
static void give_back_terminal(void)
{
	if (!relay.is_detached)
		terminal_restore();
}

static _Noreturn void leave(int status)
{
	give_back_terminal();
	exit(status);
}

_Noreturn void give_up(const char *what)
{
	int error = errno;
	give_back_terminal();
	fail(EXIT_FAILED, (struct failure){.what = what, .error = error});
}

static int is_empty(const struct channel *channel)
{
	return channel->start == channel->end;
}

/* Whether a call is to be tried again. */
static int is_again(ssize_t result)
{
	return result < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Gives the caller's terminal back. The service keeps the pseudo-terminal, with nobody at it. */
static void detach(void)
{
	give_back_terminal();
	relay.is_detached = 1;
	relay.from_service.start = relay.from_service.end = 0;
	/* A write that fails needs no answer: then the other end is gone, and read_order() reads the end. */
	(void)!write(CONTROL, "\n", 1);
}

/* The first ^D hands over a line that isn't ended. The end is a ^D at the beginning of a line. */
static void end_input(void)
{
	struct channel *channel = &relay.to_service;
	relay.input_has_ended = 1;
	if (relay.last_input != '\n')
		channel->bytes[channel->end++] = END_KEY;
	channel->bytes[channel->end++] = END_KEY;
}

static void read_input(void)
{
	struct channel *channel = &relay.to_service;
	channel->start = channel->end = 0;
	ssize_t length = read(STDIN_FILENO, channel->bytes, sizeof channel->bytes);
	if (is_again(length))
		return;
	if (length <= 0) {
		if (relay.input_is_terminal)
			leave(EXIT_GONE);
		end_input();
		return;
	}
	if (relay.input_is_terminal && is_detached(channel->bytes, (size_t)length)) {
		if (relay.is_ending)
			leave(EXIT_DELIVERED);
		detach();
		return;
	}
	if (relay.is_ending)
		return;
	channel->end = (size_t)length;
	relay.last_input = channel->bytes[length - 1];
}

static void write_to_service(void)
{
	struct channel *channel = &relay.to_service;
	size_t size = channel->end - channel->start;
	ssize_t written = write(relay.service.master, channel->bytes + channel->start, size);
	if (is_again(written))
		return;
	if (written < 0)
		give_up("can't write to the pseudo-terminal");
	channel->start += (size_t)written;
}

/* Returns whether there was any output. */
static int read_from_service(void)
{
	struct channel *channel = &relay.from_service;
	channel->start = channel->end = 0;
	size_t most = relay.left < sizeof channel->bytes ? relay.left : sizeof channel->bytes;
	if (most == 0)
		return 0;
	ssize_t length = read(relay.service.master, channel->bytes, most);
	if (length > 0 && !relay.is_detached)
		channel->end = (size_t)length;
	if (length > 0 && relay.is_ending)
		relay.left -= (size_t)length;
	/* EIO comes of a terminal that was hung up, as by TTYVHangup=. */
	if (length < 0 && errno == EIO && !relay.is_ending)
		pseudo_terminal_reopen_peer(&relay.service);
	return length > 0;
}

static void write_output(void)
{
	struct channel *channel = &relay.from_service;
	const char *bytes = channel->bytes + channel->start;
	size_t size = channel->end - channel->start;
	ssize_t written = send(relay.output, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (written < 0 && errno == ENOTSOCK)
		written = write(relay.output, bytes, size);
	if (is_again(written))
		return;
	if (written < 0 && (errno == EPIPE || errno == EIO))
		leave(EXIT_GONE);
	if (written < 0)
		give_up("can't write to standard output");
	channel->start += (size_t)written;
}

static void read_signal(void)
{
	int number = signals_read(relay.signals);
	switch (number) {
	case 0:
		return;
	case SIGWINCH:
		break;
	case SIGTSTP:
		give_back_terminal();
		(void)raise(SIGSTOP);
		break;
	case SIGCONT:
		if (relay.is_started && !relay.is_detached)
			terminal_make_raw();
		break;
	default:
		leave(EXIT_SIGNAL + number);
	}
	pseudo_terminal_copy_size(&relay.service);
}

static void read_order(void)
{
	char byte;
	ssize_t length = read(CONTROL, &byte, 1);
	if (is_again(length))
		return;
	if (length > 0) {
		relay.is_started = 1;
		terminal_make_raw();
		return;
	}
	relay.is_ending = 1;
	relay.left = MOST_AT_THE_END;
	(void)close(relay.service.peer);
}

static struct pollfd waiting_for(int is_wanted, int fd, int events)
{
	return (struct pollfd){.fd = is_wanted ? fd : -1, .events = (short)events};
}

static void step(void)
{
	const struct channel *in = &relay.to_service, *out = &relay.from_service;
	int is_attended = relay.is_started && !relay.is_detached && !relay.input_has_ended;
	/* While the rest is delivered only the keys that detach are heeded. */
	int wants_input = is_attended && (relay.is_ending ? relay.input_is_terminal : is_empty(in));
	int has_input = !relay.is_ending && !is_empty(in);
	int wants_output = relay.is_started && !relay.is_ending && is_empty(out);
	struct pollfd files[] = {
		waiting_for(1, relay.signals, POLLIN),
		waiting_for(!relay.is_ending, CONTROL, POLLIN),
		waiting_for(wants_input, STDIN_FILENO, POLLIN),
		waiting_for(has_input, relay.service.master, POLLOUT),
		waiting_for(wants_output, relay.service.master, POLLIN),
		waiting_for(!is_empty(out), relay.output, POLLOUT),
	};
	int result = poll(files, sizeof files / sizeof files[0], -1);
	if (is_again(result))
		return;
	if (result < 0)
		give_up("can't wait for files");
	if (files[0].revents != 0)
		read_signal();
	if (files[2].revents != 0)
		read_input();
	if (files[3].revents != 0)
		write_to_service();
	if (files[4].revents != 0)
		(void)read_from_service();
	if (files[5].revents != 0)
		write_output();
	if (files[1].revents != 0)
		read_order();
}

static void check_arguments(const char *word)
{
	static const char usage[] =
		"usage: pty-relay 3<>SOCKET\n"
		"Carries bytes between this terminal and a pseudo-terminal. Part of sandbox-unit run.\n";
	answer_help(word, usage);
	if (word != NULL)
		fail(EXIT_INVALID_ARGUMENT,
		     (struct failure){.what = "takes no argument:", .name = word, .hint = "see pty-relay --help"});
}

int main(int argc, char **argv)
{
	check_arguments(argc > 1 ? argv[1] : NULL);
	relay.last_input = '\n';
	relay.left = MOST_AT_THE_END;
	relay.input_is_terminal = isatty(STDIN_FILENO);
	relay.signals = signals_open();
	if (relay.signals < 0)
		give_up("can't wait for signals");
	relay.output = terminal_open_output();
	pseudo_terminal_open(&relay.service);
	pseudo_terminal_tell_path(&relay.service, CONTROL);
	while (!relay.is_ending || !is_empty(&relay.from_service) || read_from_service())
		step();
	leave(EXIT_DELIVERED);
}
