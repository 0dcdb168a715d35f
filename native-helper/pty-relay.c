/*
 * pty-relay: the caller's terminal for a service. It makes a pseudo-terminal, for systemd's TTYPath=, and carries bytes
 * between it and its own standard input and output, which may be terminals, pipes, files or sockets. Descriptor 3 is a
 * socket to who has started it:
 *
 *	it writes               the pseudo-terminal's path and a newline, once, and another newline when it is detached
 *	it reads a byte         the unit has started: the terminal becomes raw, the carrying begins
 *	it reads the end        the unit has ended, or who has started it has: what the service has printed is still
 *	                        delivered, then this program ends
 *
 * The pseudo-terminal's size follows that of the terminal. ^] three times within a second, typed at a terminal,
 * detaches: the terminal is given back, and what the service prints from then on goes nowhere, until this program is
 * told to end. The end of another standard input is ^D to the service. Whatever ends this program, but for SIGKILL, the
 * terminal is given back as it was, and the service sees the pseudo-terminal hung up. The exit status:
 *
 *	0       told to end, and all is delivered
 *	1       it failed; a line on standard error says why
 *	4       the terminal, or who has read standard output, is gone
 *	128+N   ended by signal N
 */
#include "detach.h"
#include "fail.h"
#include "kernel-stream.h"
#include "launcher.h"
#include "memory.h"
#include "pseudo-terminal.h"
#include "terminal.h"

const char program_name[] = "pty-relay";

#define CONTROL 3

#define EXIT_DELIVERED 0
#define EXIT_FAILED 1
#define EXIT_GONE 4
#define EXIT_SIGNAL 128

#define END_KEY 4 /* ^D */

/* More than a pseudo-terminal holds; what comes after that was printed by others, after the service's end. */
#define MOST_AT_THE_END ((size_t)1 << 20)

/* Bytes on their way. A pipe that is ready takes as many at once without blocking (PIPE_BUF). */
struct channel {
	size_t start, end;
	char bytes[4096];
};

static struct {
	struct pseudo_terminal service;
	long signals;
	long output; /* standard output; a terminal is opened anew, not to block in it */
	struct channel to_service, from_service;
	int input_is_terminal;
	int is_started, is_detached, is_ending, input_has_ended;
	size_t left; /* of what the service has printed, to be delivered yet */
	char last_input;
} relay;

/* Once it is given back it is others'. */
static void give_back_terminal(void)
{
	if (!relay.is_detached)
		terminal_restore();
}

static _Noreturn void leave(int status)
{
	give_back_terminal();
	kernel_exit(status);
}

_Noreturn void give_up(const char *what, long result)
{
	give_back_terminal();
	fail(EXIT_FAILED, (struct failure){.what = what, .error = (int)-result});
}

static int is_empty(const struct channel *channel)
{
	return channel->start == channel->end;
}

/* What a call gave, or 0 where it is to be tried again. */
static long or_again(long result)
{
	return result == -EAGAIN || result == -EINTR ? 0 : result;
}

static void tell_path(void)
{
	char line[PATH_LINE_SIZE];
	size_t length = pseudo_terminal_path_line(&relay.service, line);
	long result = kernel_write(CONTROL, line, length);
	if (result != (long)length)
		give_up("can't tell its path", result < 0 ? result : -EIO);
}

/* The service keeps its terminal, with nobody at it. */
static void detach(void)
{
	give_back_terminal();
	relay.is_detached = 1;
	relay.from_service.start = relay.from_service.end = 0;
	/* Who is gone has ended the orders, too. */
	(void)kernel_write(CONTROL, "\n", 1);
}

/* ── From the caller to the service ── */

/* ^D hands over what is in the line, and is the end only where that is nothing. */
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
	long length = kernel_read(0, channel->bytes, sizeof channel->bytes);
	if (length == -EAGAIN || length == -EINTR)
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
	long written = kernel_write(relay.service.master, channel->bytes + channel->start, channel->end - channel->start);
	written = or_again(written);
	if (written < 0)
		give_up("can't write to the pseudo-terminal", written);
	channel->start += (size_t)written;
}

/* ── From the service to the caller ── */

/* Whether there was anything. */
static int read_from_service(void)
{
	struct channel *channel = &relay.from_service;
	channel->start = channel->end = 0;
	size_t most = relay.left < sizeof channel->bytes ? relay.left : sizeof channel->bytes;
	if (most == 0)
		return 0;
	long length = or_again(kernel_read(relay.service.master, channel->bytes, most));
	if (length > 0 && !relay.is_detached)
		channel->end = (size_t)length;
	if (length > 0 && relay.is_ending)
		relay.left -= (size_t)length;
	/* Someone has hung it up (TTYVHangup=): a new service will open it again. */
	if (length == -EIO && !relay.is_ending) {
		(void)kernel_close((uint32_t)relay.service.peer);
		pseudo_terminal_open_peer(&relay.service);
	}
	return length > 0;
}

static void write_output(void)
{
	struct channel *channel = &relay.from_service;
	const char *bytes = channel->bytes + channel->start;
	size_t size = channel->end - channel->start;
	long written = kernel_send(relay.output, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (written == -ENOTSOCK)
		written = kernel_write(relay.output, bytes, size);
	written = or_again(written);
	if (written == -EPIPE || written == -EIO)
		leave(EXIT_GONE);
	if (written < 0)
		give_up("can't write to standard output", written);
	channel->start += (size_t)written;
}

static void open_output(void)
{
	relay.output = 1;
	if (!terminal_is(1))
		return;
	long opened = kernel_openat("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (opened >= 0)
		relay.output = opened;
}

/* ── Signals and orders ── */

static void open_signals(void)
{
	uint64_t awaited = signal_bit(SIGWINCH) | signal_bit(SIGTSTP) | signal_bit(SIGCONT) | signal_bit(SIGHUP) |
			   signal_bit(SIGINT) | signal_bit(SIGQUIT) | signal_bit(SIGTERM);
	(void)kernel_sigprocmask(SIG_BLOCK, awaited | signal_bit(SIGPIPE));
	relay.signals = kernel_signalfd(awaited);
	if (relay.signals < 0)
		give_up("can't wait for signals", relay.signals);
}

static void read_signal(void)
{
	struct signalfd_siginfo info = {0};
	if (kernel_read(relay.signals, &info, sizeof info) != (long)sizeof info)
		return;
	switch (info.signal) {
	case SIGWINCH:
		break;
	case SIGTSTP:
		give_back_terminal();
		(void)kernel_kill_self(SIGSTOP);
		break;
	case SIGCONT:
		if (relay.is_started && !relay.is_detached)
			terminal_make_raw();
		break;
	default:
		leave(EXIT_SIGNAL + (int)info.signal);
	}
	pseudo_terminal_copy_size(&relay.service);
}

static void read_order(void)
{
	char byte;
	long length = kernel_read(CONTROL, &byte, 1);
	if (length == -EAGAIN || length == -EINTR)
		return;
	if (length > 0) {
		relay.is_started = 1;
		terminal_make_raw();
		return;
	}
	relay.is_ending = 1;
	relay.left = MOST_AT_THE_END;
	(void)kernel_close((uint32_t)relay.service.peer);
}

/* ── All at once ── */

static struct pollfd waiting_for(int is_wanted, long fd, int events)
{
	return (struct pollfd){.fd = is_wanted ? (int)fd : -1, .events = (int16_t)events};
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
		waiting_for(wants_input, 0, POLLIN),
		waiting_for(has_input, relay.service.master, POLLOUT),
		waiting_for(wants_output, relay.service.master, POLLIN),
		waiting_for(!is_empty(out), relay.output, POLLOUT),
	};
	long result = or_again(kernel_poll(files, sizeof files / sizeof files[0]));
	if (result < 0)
		give_up("can't wait for files", result);
	if (result == 0)
		return;
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

static void answer(const char *word)
{
	static const char usage[] =
		"usage: pty-relay 3<>SOCKET\n"
		"Carries bytes between this terminal and a pseudo-terminal. Part of sandbox-unit run.\n";
	answer_help(word, usage);
	if (word == NULL)
		return;
	fail(EXIT_INVALID_ARGUMENT,
	     (struct failure){.what = "takes no argument:", .name = word, .hint = "see pty-relay --help"});
}

_Noreturn void launch(const char **argv, const char **envp, uint32_t euid)
{
	(void)envp;
	(void)euid;
	answer(argv[0] == NULL ? NULL : argv[1]);
	relay.last_input = '\n';
	relay.left = MOST_AT_THE_END;
	relay.input_is_terminal = terminal_is(0);
	open_signals();
	open_output();
	pseudo_terminal_open(&relay.service);
	tell_path();
	while (!relay.is_ending || !is_empty(&relay.from_service) || read_from_service())
		step();
	leave(EXIT_DELIVERED);
}
