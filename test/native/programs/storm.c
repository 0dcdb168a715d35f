/*
 * Sends a signal to a command, all the time until it has ended, and becomes what it became: `storm SIGNAL COMMAND...`
 * (SIGSTOP: and SIGCONT behind each). The command ignores SIGUSR1 and SIGTERM.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(1, "storm SIGNAL COMMAND...");
	int number = atoi(argv[1]), status;
	signal(SIGUSR1, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	pid_t pid = fork();
	if (pid == 0) {
		execv(argv[2], argv + 2);
		err(1, "%s", argv[2]);
	}
	srand((unsigned int)pid);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		kill(pid, number);
		if (number == SIGSTOP) {
			usleep((useconds_t)rand() % 300);
			kill(pid, SIGCONT);
		}
		usleep((useconds_t)rand() % 60);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
