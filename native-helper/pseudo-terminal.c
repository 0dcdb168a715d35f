#include "pseudo-terminal.h"

#include "terminal.h"
#include "text.h"

void pseudo_terminal_open_peer(struct pseudo_terminal *pseudo_terminal)
{
	pseudo_terminal->peer = kernel_ioctl(pseudo_terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pseudo_terminal->peer < 0)
		give_up("can't open the pseudo-terminal", pseudo_terminal->peer);
}

void pseudo_terminal_copy_size(const struct pseudo_terminal *pseudo_terminal)
{
	struct winsize size = terminal_size();
	(void)kernel_ioctl(pseudo_terminal->master, TIOCSWINSZ, (uintptr_t)&size);
}

void pseudo_terminal_open(struct pseudo_terminal *pseudo_terminal)
{
	pseudo_terminal->master = kernel_openat("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (pseudo_terminal->master < 0)
		give_up("can't open /dev/ptmx", pseudo_terminal->master);
	int locked = 0;
	long result = kernel_ioctl(pseudo_terminal->master, TIOCSPTLCK, (uintptr_t)&locked);
	if (result < 0)
		give_up("can't unlock the pseudo-terminal", result);
	pseudo_terminal_open_peer(pseudo_terminal);
	pseudo_terminal_copy_size(pseudo_terminal);
}

size_t pseudo_terminal_path_line(const struct pseudo_terminal *pseudo_terminal, char line[PATH_LINE_SIZE])
{
	unsigned int number = 0;
	long result = kernel_ioctl(pseudo_terminal->master, TIOCGPTN, (uintptr_t)&number);
	if (result < 0)
		give_up("the pseudo-terminal has no number", result);
	return (size_t)(append(append_number(append(line, "/dev/pts/"), number), "\n") - line);
}
