/*
 * Starts a thread. On SIGUSR1 it starts another one, on SIGUSR2 a program in a process of its own, and it prints a line
 * with what came of that: 0, an error number, or the status of the process.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int start_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, wait_for_ever, NULL);
}

static int start_process(void)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(126);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	sigset_t asked;
	int signal;

	sigemptyset(&asked);
	sigaddset(&asked, SIGUSR1);
	sigaddset(&asked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &asked, NULL);
	if (start_thread() != 0)
		return 1;
	while (sigwait(&asked, &signal) == 0) {
		if (signal == SIGUSR1)
			dprintf(STDOUT_FILENO, "thread %d\n", start_thread());
		else
			dprintf(STDOUT_FILENO, "process %d\n", start_process());
	}
	return 1;
}
