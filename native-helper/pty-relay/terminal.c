#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

struct saved {
	int is_saved;
	struct termios before;
};

static struct saved input, output;

static void set(int fd, const struct termios *modes)
{
	/* A terminal that is gone has nothing to set. */
	(void)tcsetattr(fd, TCSANOW, modes);
}

static int save(int fd, struct saved *saved)
{
	if (!saved->is_saved && tcgetattr(fd, &saved->before) == 0)
		saved->is_saved = 1;
	return saved->is_saved;
}

/* Input and output may be one terminal: the second change keeps the first. */
void terminal_make_raw(void)
{
	struct termios modes;
	if (save(STDIN_FILENO, &input)) {
		modes = input.before;
		cfmakeraw(&modes);
		modes.c_oflag = input.before.c_oflag;
		set(STDIN_FILENO, &modes);
	}
	if (save(STDOUT_FILENO, &output)) {
		modes = output.before;
		modes.c_oflag &= ~(tcflag_t)OPOST;
		set(STDOUT_FILENO, &modes);
	}
}

void terminal_restore(void)
{
	sigset_t background;
	sigemptyset(&background);
	sigaddset(&background, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &background, NULL);
	if (output.is_saved)
		set(STDOUT_FILENO, &output.before);
	if (input.is_saved)
		set(STDIN_FILENO, &input.before);
	(void)sigprocmask(SIG_UNBLOCK, &background, NULL);
}

struct winsize terminal_size(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	for (int fd = STDOUT_FILENO; fd >= STDIN_FILENO; fd--)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0)
			break;
	return size;
}

int terminal_open_output(void)
{
	int opened = -1;
	if (isatty(STDOUT_FILENO))
		opened = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return opened < 0 ? STDOUT_FILENO : opened;
}
