#include "terminal.h"

struct saved {
	int is_saved;
	struct termios before;
};

static struct saved input, output;

int terminal_is(long fd)
{
	struct termios modes;
	return kernel_ioctl(fd, TCGETS, (uintptr_t)&modes) == 0;
}

static void set(long fd, const struct termios *modes)
{
	/* It may be gone: then there is nothing to set. */
	(void)kernel_ioctl(fd, TCSETS, (uintptr_t)modes);
}

static int save(long fd, struct saved *saved)
{
	if (!saved->is_saved && kernel_ioctl(fd, TCGETS, (uintptr_t)&saved->before) == 0)
		saved->is_saved = 1;
	return saved->is_saved;
}

/* As cfmakeraw(3), but for the output. */
static void make_input_raw(struct termios *modes)
{
	modes->input &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	modes->local &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	modes->control = (modes->control & ~(CSIZE | PARENB)) | CS8;
	modes->characters[VMIN] = 1;
	modes->characters[VTIME] = 0;
}

/* Both may be the same terminal: the second change keeps the first. */
void terminal_make_raw(void)
{
	struct termios modes;
	if (save(0, &input)) {
		modes = input.before;
		make_input_raw(&modes);
		set(0, &modes);
	}
	if (save(1, &output)) {
		modes = output.before;
		modes.output &= ~OPOST;
		set(1, &modes);
	}
}

void terminal_restore(void)
{
	(void)kernel_sigprocmask(SIG_BLOCK, signal_bit(SIGTTOU));
	if (output.is_saved)
		set(1, &output.before);
	if (input.is_saved)
		set(0, &input.before);
	(void)kernel_sigprocmask(SIG_UNBLOCK, signal_bit(SIGTTOU));
}

struct winsize terminal_size(void)
{
	struct winsize size = {.rows = 24, .columns = 80};
	for (long fd = 1; fd >= 0; fd--)
		if (kernel_ioctl(fd, TIOCGWINSZ, (uintptr_t)&size) == 0)
			break;
	return size;
}
