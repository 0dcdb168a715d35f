#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/un.h>
#include <unistd.h>

static int has_levels;

static int connect_journal(void)
{
	static const struct sockaddr_un address = {AF_UNIX, "/run/systemd/journal/stdout"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* The head of a stream, as sd_journal_stream_fd(3) writes it. Of root's streams the journal takes the unit's name, too. */
static int open_stream(const char *program, const char *unit)
{
	int fd = connect_journal();
	if (fd < 0)
		return -1;
	/* The level of lines that don't have one; levels are read; not passed on to other logs, or to the console. */
	if (dprintf(fd, "%s\n%s\n%d\n1\n0\n0\n0\n", program, unit, LOG_ERR) > 0)
		return fd;
	(void)close(fd);
	return -1;
}

void speak_to_journal(const char *program, const char *unit)
{
	int fd = open_stream(program, unit);
	if (fd < 0)
		fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || fd == STDERR_FILENO)
		return;
	(void)dup2(fd, STDERR_FILENO);
	(void)close(fd);
	has_levels = 1;
}

const char *message_level(void)
{
	return has_levels ? "<6>" : "";
}
