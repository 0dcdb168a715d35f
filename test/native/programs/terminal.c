/*
 * terminal [--output-elsewhere] PROGRAM…: runs a program on a terminal of its own, 30 rows of 90 columns, as its
 * session's leader. Standard
 * input is what is typed, standard output what the terminal shows. Descriptor 4, if open, takes orders, a line each: "ROWS COLUMNS"
 * sets the terminal's size, "hang-up" takes it away. With --output-elsewhere the program keeps this one's standard
 * output. At the end a line on standard error says how it ended, "exit N" or "signal N", and if the terminal's modes are
 * others than before. All other descriptors are the program's, too.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define ORDERS 4

static int master, peer;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

/* Returns whether there may be more. */
static int copy(int from, int to)
{
	char bytes[4096];
	ssize_t length = read(from, bytes, sizeof bytes);
	if (length > 0 && write(to, bytes, (size_t)length) != length)
		die("write");
	return length > 0;
}

/* Returns whether there may be more. */
static int obey(void)
{
	char line[64];
	ssize_t length = read(ORDERS, line, sizeof line - 1);
	if (length <= 0)
		return 0;
	line[length] = '\0';
	struct winsize size = {0};
	if (sscanf(line, "%hu %hu", &size.ws_row, &size.ws_col) == 2)
		ioctl(master, TIOCSWINSZ, &size);
	if (strncmp(line, "hang-up", 7) == 0) {
		close(peer);
		close(master);
		master = peer = -1;
	}
	return 1;
}

static void become(char **argv, int output_is_elsewhere)
{
	setsid();
	ioctl(peer, TIOCSCTTY, 0);
	dup2(peer, 0);
	if (!output_is_elsewhere)
		dup2(peer, 1);
	close(peer);
	close(master);
	close(ORDERS);
	execv(argv[0], argv);
	die(argv[0]);
}

static int ended(pid_t child, int *status)
{
	return waitpid(child, status, WNOHANG) == child;
}

int main(int argc, char **argv)
{
	(void)argc;
	argv++;
	int output_is_elsewhere = strcmp(argv[0], "--output-elsewhere") == 0;
	argv += output_is_elsewhere;
	int obeying = fcntl(ORDERS, F_GETFD) >= 0;
	while (open("/dev/null", O_RDWR) <= ORDERS)
		; /* the numbers that have a meaning are taken */
	static struct termios before, after; /* compared whole, what is between the members too */
	if (openpty(&master, &peer, NULL, NULL, &(struct winsize){.ws_row = 30, .ws_col = 90}) != 0)
		die("openpty");
	tcgetattr(peer, &before);
	pid_t child = fork();
	if (child == 0)
		become(argv, output_is_elsewhere);
	close(3);
	int status, typing = 1;
	while (!ended(child, &status)) {
		struct pollfd files[] = {
			{.fd = typing ? 0 : -1, .events = POLLIN}, {.fd = master, .events = POLLIN}, {.fd = obeying ? ORDERS : -1, .events = POLLIN}};
		if (poll(files, 3, 20) <= 0)
			continue;
		if (files[0].revents)
			typing = copy(0, master);
		if (files[1].revents & POLLIN)
			copy(master, 1);
		if (files[2].revents)
			obeying = obey();
	}
	if (master >= 0) {
		fcntl(master, F_SETFL, O_NONBLOCK);
		for (struct pollfd rest = {.fd = master, .events = POLLIN}; poll(&rest, 1, 0) > 0 && rest.revents & POLLIN;)
			copy(master, 1);
		tcgetattr(peer, &after);
		if (memcmp(&before, &after, sizeof before) != 0)
			dprintf(2, "the terminal's modes are others than before\n");
	}
	dprintf(2, "%s %d\n", WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 0;
}
