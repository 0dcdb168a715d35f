/*
 * A service of many threads, each of which sleeps for a millisecond again and again:
 *
 *	threads COUNT
 *
 * Tells systemd when all are there (sd_notify(3)).
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void *nap(void *argument)
{
	for (;;)
		(void)usleep(1000);
	return argument;
}

static void tell_ready(void)
{
	static const char message[] = "READY=1";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (path == NULL || strlen(path) >= sizeof address.sun_path)
		errx(1, "no NOTIFY_SOCKET");
	strcpy(address.sun_path, path);
	if (fd < 0 || sendto(fd, message, strlen(message), 0, (struct sockaddr *)&address, sizeof address) < 0)
		err(1, "%s", path);
	(void)close(fd);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	for (int left = argc == 2 ? atoi(argv[1]) : 0; left > 1; left--)
		if (pthread_create(&thread, NULL, nap, NULL) != 0)
			errx(1, "no thread");
	tell_ready();
	(void)nap(NULL);
	return 0;
}
