#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(void)
{
	static const int awaited[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	sigset_t signals;
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof awaited / sizeof awaited[0]; i++)
		sigaddset(&signals, awaited[i]);
	/* SIGPIPE is blocked, but not waited for: writes fail instead. */
	sigaddset(&signals, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	sigdelset(&signals, SIGPIPE);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_read(int fd)
{
	struct signalfd_siginfo info = {0};
	return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}
