/*
 * A service that keeps to systemd's protocols (sd_listen_fds(3), sd_notify(3)), as far as its environment asks for it:
 *
 *	LISTEN_FDS	accepts connections and tells each one which process answers on which of how many descriptors
 *	NOTIFY_SOCKET	says that it is ready, and that it reloads on SIGHUP; STATUS= counts what happened
 *	WATCHDOG_USEC	says that it is alive, until SIGUSR1
 *
 * Ends on SIGTERM.
 */
#define _GNU_SOURCE
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FIRST = 3 };

static int reloads, pings;

__attribute__((format(printf, 1, 2))) static void notify(const char *format, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char message[512];
	va_list arguments;
	if (path == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, message, strlen(message), 0, (struct sockaddr *)&address, size) < 0)
		err(1, "can't notify %s", path);
	close(fd);
}

/* A number from a variable that is only meant for the process that the other variable names. */
static long variable_for_us(const char *name, const char *pid_name)
{
	const char *value = getenv(name), *pid = getenv(pid_name);
	return value != NULL && pid != NULL && atoi(pid) == getpid() ? atol(value) : 0;
}

static void answer(int listener, long count)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "can't accept");
	dprintf(fd, "process %d, descriptor %d of %ld, %s\n", getpid(), listener, count, names ? names : "?");
	close(fd);
}

static void reload(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify("READY=1\nSTATUS=reloaded %d", ++reloads);
}

int main(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	long count = variable_for_us("LISTEN_FDS", "LISTEN_PID");
	long watchdog = variable_for_us("WATCHDOG_USEC", "WATCHDOG_PID");
	struct pollfd polled[] = {
		{.fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN},
		{.fd = count > 0 ? FIRST : -1, .events = POLLIN},
	};
	notify("READY=1\nSTATUS=ready");
	for (;;) {
		int ready = poll(polled, 2, watchdog > 0 ? (int)(watchdog / 4000) : -1);
		if (ready == 0)
			notify("WATCHDOG=1\nSTATUS=alive %d", ++pings);
		if (polled[1].revents != 0)
			answer(FIRST, count);
		if (polled[0].revents == 0)
			continue;
		struct signalfd_siginfo received;
		if (read(polled[0].fd, &received, sizeof received) != sizeof received)
			err(1, "can't read a signal");
		if (received.ssi_signo == SIGTERM)
			return 0;
		if (received.ssi_signo == SIGUSR1)
			watchdog = 0;
		else
			reload();
	}
}
