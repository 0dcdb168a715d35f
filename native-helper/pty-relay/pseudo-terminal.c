#include "pseudo-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

static void open_peer(struct pseudo_terminal *pseudo_terminal)
{
	pseudo_terminal->peer = ioctl(pseudo_terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pseudo_terminal->peer < 0)
		give_up("can't open the pseudo-terminal");
}

void pseudo_terminal_reopen_peer(struct pseudo_terminal *pseudo_terminal)
{
	(void)close(pseudo_terminal->peer);
	open_peer(pseudo_terminal);
}

void pseudo_terminal_copy_size(const struct pseudo_terminal *pseudo_terminal)
{
	struct winsize size = terminal_size();
	(void)ioctl(pseudo_terminal->master, TIOCSWINSZ, &size);
}

void pseudo_terminal_open(struct pseudo_terminal *pseudo_terminal)
{
	pseudo_terminal->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (pseudo_terminal->master < 0)
		give_up("can't open /dev/ptmx");
	if (unlockpt(pseudo_terminal->master) != 0)
		give_up("can't unlock the pseudo-terminal");
	open_peer(pseudo_terminal);
	pseudo_terminal_copy_size(pseudo_terminal);
}

void pseudo_terminal_tell_path(const struct pseudo_terminal *pseudo_terminal, int fd)
{
	char line[32];
	errno = ptsname_r(pseudo_terminal->master, line, sizeof line - 1);
	if (errno != 0)
		give_up("the pseudo-terminal has no number");
	size_t length = strlen(line);
	line[length++] = '\n';
	errno = EIO; /* where only a part is written */
	if (write(fd, line, length) != (ssize_t)length)
		give_up("can't tell its path");
}
