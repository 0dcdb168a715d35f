/*
 * Starts a program and sends it netlink messages that are no records, one each 10 ms. Exits with its status, or with 9 if
 * it still runs after 2000 messages. Usage: netlink-flood PROGRAM
 */
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	struct nlmsghdr message = {.nlmsg_len = sizeof message, .nlmsg_type = NLMSG_NOOP};
	int status = 0;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (argc < 2 || fd < 0)
		return 8;
	pid_t child = fork();
	if (child == 0) {
		execv(argv[1], argv + 1);
		_exit(7);
	}
	/* A socket's own address is its process's ID. */
	address.nl_pid = (unsigned int)child;
	for (int i = 0; i < 2000; i++) {
		(void)sendto(fd, &message, sizeof message, 0, (struct sockaddr *)&address, sizeof address);
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 6;
		usleep(10000);
	}
	kill(child, SIGKILL);
	return 9;
}
