/*
 * Goes from one process ID to the next as fast as it can: each process forks another and ends. `hop COUNT` does so
 * COUNT times at once, below a process that waits for what has ended, so that PID 1 need not.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void hop(void)
{
	for (;;)
		if (fork() > 0)
			_exit(0);
}

int main(int argc, char **argv)
{
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int count = argc == 2 ? atoi(argv[1]) : 0; count > 0; count--)
		if (fork() == 0)
			hop();
	for (;;)
		pause();
}
