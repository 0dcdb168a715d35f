/*
 * Asks the web server at 127.0.0.1:80 over connections that stay, a millisecond after each answer, until SIGTERM:
 *
 *	ask CONNECTIONS
 *
 * Then prints a line of JSON: when it began (CLOCK_REALTIME in microseconds), how often it failed, and for each span of
 * SPAN microseconds since how many answers came, and the longest wait for one, in microseconds. A connection that has
 * failed is opened anew.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SPAN 10000
#define SPANS 18000 /* three minutes */
#define PAUSE 1000

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

static long long begun;
static atomic_int failures, answers[SPANS], longest[SPANS];

static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	return (long long)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int open_connection(void)
{
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(80)};
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* Reads one answer with its body. Returns whether all of it came, and is a page. */
static int read_answer(int fd)
{
	char text[8192];
	size_t length = 0, wanted = 0;
	while (wanted == 0 || length < wanted) {
		ssize_t count = read(fd, text + length, sizeof text - 1 - length);
		if (count <= 0)
			return 0;
		length += (size_t)count;
		text[length] = '\0';
		const char *end = strstr(text, "\r\n\r\n"), *size = strstr(text, "Content-Length: ");
		if (wanted == 0 && end != NULL && size != NULL)
			wanted = (size_t)(end + 4 - text) + strtoul(size + strlen("Content-Length: "), NULL, 10);
		if (length == sizeof text - 1)
			return 0;
	}
	return length == wanted && strncmp(text, "HTTP/1.1 200 ", 13) == 0;
}

static int ask_once(int fd)
{
	return write(fd, REQUEST, strlen(REQUEST)) == (ssize_t)strlen(REQUEST) && read_answer(fd);
}

static void count_answer(long long since)
{
	long long time = now(), span = (time - begun) / SPAN;
	if (span >= SPANS)
		errx(1, "SIGTERM never came");
	atomic_fetch_add(&answers[span], 1);
	int wait = (int)(time - since), most = atomic_load(&longest[span]);
	while (wait > most && !atomic_compare_exchange_weak(&longest[span], &most, wait))
		;
}

static void *ask(void *argument)
{
	for (int fd = -1;;) {
		if (fd < 0)
			fd = open_connection();
		long long since = now();
		if (fd >= 0 && ask_once(fd)) {
			count_answer(since);
			(void)usleep(PAUSE);
			continue;
		}
		atomic_fetch_add(&failures, 1);
		(void)close(fd);
		fd = -1;
	}
	return argument;
}

static void print_numbers(const char *name, const atomic_int *numbers, int count)
{
	printf(",\"%s\":", name);
	for (int i = 0; i < count; i++)
		printf("%c%d", i == 0 ? '[' : ',', numbers[i]);
	printf("]");
}

int main(int argc, char **argv)
{
	pthread_t thread;
	sigset_t end;
	int signal;
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &end, NULL);
	begun = now();
	for (int left = argc == 2 ? atoi(argv[1]) : 0; left > 0; left--)
		if (pthread_create(&thread, NULL, ask, NULL) != 0)
			errx(1, "no thread");
	sigwait(&end, &signal);
	int failed = failures, count = (int)((now() - begun) / SPAN);
	count = count > SPANS ? SPANS : count;
	printf("{\"begun\":%lld,\"span\":%d,\"failures\":%d", begun, SPAN, failed);
	print_numbers("answers", answers, count);
	print_numbers("longest", longest, count);
	printf("}\n");
	return 0;
}
