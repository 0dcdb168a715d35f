/*
 * The init of a kernel that is tried. Mounts what programs look for, and does what it is asked on the console, a line
 * each; texts are hex behind an 'x'. Its answers begin with '@', and that it is there with '@ready'.
 *
 *	run UID INPUT LINE       @ended STATUS STDOUT STDERR    STATUS is that of wait(2)
 *	start UID INPUT LINE     @started PID                   the program goes on, its output is lost
 *	write PATH MODE CONTENT  @done
 *	read PATH                @content CONTENT
 *	off
 *
 * A LINE is the environment's words, which have a '=', and the arguments; the first of these is the program's path. A
 * program of user 0 has all rights; one of another user has none. What can't be done is answered by '@failed ERRNO'.
 * With the argument 'wait' it does nothing for ever.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { WORDS_MAX = 64, TEXT_MAX = 1 << 22, CANNOT_START = 126 };

struct text {
	char *bytes; /* with a NUL behind them */
	size_t size;
};

static int digit(int c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Decodes hex in its own place. */
static struct text decode(char *word)
{
	struct text text = {word, 0};
	for (const char *at = word + 1; at[0] != '\0' && at[1] != '\0'; at += 2)
		word[text.size++] = (char)(digit(at[0]) << 4 | digit(at[1]));
	word[text.size] = '\0';
	return text;
}

static void print_hex(const char *bytes, size_t size)
{
	putchar('x');
	for (size_t i = 0; i < size; i++)
		printf("%02x", (unsigned char)bytes[i]);
}

static void print_failure(void)
{
	printf("@failed %d\n", errno);
}

/* Reads to the end, or to where a device has no more for now. */
static struct text read_file(const char *path)
{
	static char bytes[TEXT_MAX];
	struct text text = {bytes, 0};
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : 0;
	while (fd >= 0 && (size = read(fd, bytes + text.size, sizeof bytes - 1 - text.size)) > 0)
		text.size += (size_t)size;
	if (size < 0 && (fd < 0 || errno != EAGAIN))
		text.bytes = NULL;
	if (fd >= 0)
		close(fd);
	return text;
}

static int write_file(const char *path, mode_t mode, struct text content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	ssize_t size = write(fd, content.bytes, content.size);
	if (close(fd) != 0 || size < 0)
		return -1;
	errno = EIO;
	return (size_t)size == content.size ? 0 : -1;
}

static void become(unsigned int uid)
{
	if (uid == 0)
		return;
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
		_exit(CANNOT_START);
}

static void redirect(int number, const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	if (fd < 0 || dup2(fd, number) < 0)
		_exit(CANNOT_START);
	close(fd);
}

static pid_t start(char **words, const char *output, const char *errors)
{
	struct text input = decode(words[1]);
	char *line[WORDS_MAX] = {NULL};
	int environment = 0;
	for (int i = 0; words[2 + i] != NULL; i++)
		line[i] = decode(words[2 + i]).bytes;
	while (line[environment] != NULL && strchr(line[environment], '=') != NULL)
		environment++;
	if (write_file("/tmp/input", 0600, input) != 0)
		return -1;
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	setsid();
	redirect(0, "/tmp/input", O_RDONLY);
	redirect(1, output, O_WRONLY | O_CREAT | O_TRUNC);
	redirect(2, errors, O_WRONLY | O_CREAT | O_TRUNC);
	char *environ_[WORDS_MAX] = {NULL};
	memcpy(environ_, line, (size_t)environment * sizeof line[0]);
	become((unsigned int)atoi(words[0]));
	execve(line[environment], line + environment, environ_);
	dprintf(2, "can't execute %s: %s\n", line[environment], strerror(errno));
	_exit(CANNOT_START);
}

/* Also collects what lost its parent. */
static void run(char **words)
{
	int status = 0;
	pid_t pid = start(words, "/tmp/output", "/tmp/errors"), ended = 0;
	while (pid > 0 && ended != pid && ended >= 0)
		ended = wait(&status);
	if (pid < 0 || ended < 0) {
		print_failure();
		return;
	}
	printf("@ended %d ", status);
	struct text text = read_file("/tmp/output");
	print_hex(text.bytes, text.size);
	putchar(' ');
	text = read_file("/tmp/errors");
	print_hex(text.bytes, text.size);
	putchar('\n');
}

static void answer(char **words)
{
	if (strcmp(words[0], "run") == 0) {
		run(words + 1);
	} else if (strcmp(words[0], "start") == 0) {
		pid_t pid = start(words + 1, "/dev/null", "/dev/null");
		if (pid < 0)
			print_failure();
		else
			printf("@started %d\n", pid);
	} else if (strcmp(words[0], "write") == 0) {
		const char *path = decode(words[1]).bytes;
		if (write_file(path, (mode_t)strtoul(words[2], NULL, 8), decode(words[3])) == 0)
			puts("@done");
		else
			print_failure();
	} else if (strcmp(words[0], "read") == 0) {
		struct text content = read_file(decode(words[1]).bytes);
		if (content.bytes == NULL) {
			print_failure();
			return;
		}
		printf("@content ");
		print_hex(content.bytes, content.size);
		putchar('\n');
	} else if (strcmp(words[0], "off") == 0) {
		reboot(RB_POWER_OFF);
	} else {
		errno = EINVAL;
		print_failure();
	}
}

static void prepare(void)
{
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
	(void)!symlink("/proc/self/fd", "/dev/fd");
	klogctl(6, NULL, 0); /* SYSLOG_ACTION_CONSOLE_OFF: no kernel message comes between */
	struct termios terminal;
	tcgetattr(0, &terminal);
	cfmakeraw(&terminal);
	tcsetattr(0, TCSANOW, &terminal);
}

int main(int argc, char **argv)
{
	static char line[TEXT_MAX], *words[WORDS_MAX + 4];
	if (argc > 1 && strcmp(argv[1], "wait") == 0)
		for (;;)
			pause();
	prepare();
	puts("\n@ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		int count = 0;
		char *rest = line, *word;
		line[strcspn(line, "\n")] = '\0';
		while (count < WORDS_MAX && (word = strsep(&rest, " ")) != NULL)
			words[count++] = word;
		words[count] = NULL;
		answer(words);
		fflush(stdout);
	}
	return 1;
}
