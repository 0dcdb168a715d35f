/*
 * tighten-one KIND TIGHTEN WORD…: has `tighten` give a filter to a process in a control group, and lets the process go on.
 * Prints what `tighten` does, its exit status, and the errno of the process's uname, or 200 where it noticed something.
 *
 *	reads    waits in a call that begins anew behind a stop
 *	polls    waits in one that answers EINTR behind it
 *	runs     makes no call
 *	compat   waits, and is of 32 bits
 *	pause    waits for a signal, which it gets while it stands still
 *	poll     waits as `polls` does, and gets a signal while it stands still
 *	x32-KIND waits as /wait-x32 does, which is of x32
 *	kinds    is of every kind of test/native/programs/waits.h: /kinds tells what was odd about any
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP "/sys/fs/cgroup/tightened"
#define NOTICED 200
#define WORDS_MAX 16
#define X32 "x32-"

/* The exit status of one that has changed nothing, and how often it is tried while others have the processor. */
#define UNCHANGED 1
#define TRIES 4

/* Seconds after which a process that waits for good is ended by SIGALRM. */
#define TIME_TO_NOTICE 60

static volatile struct {
	int is_ready;
	int may_go;
} *shared;

static void handle(int number)
{
	(void)number;
}

/* A signal that has a handler breaks the call off: it isn't made again. */
static int is_broken_off(long result)
{
	return result < 0 && errno == EINTR;
}

/* Runs only when nobody else does: others can see the first thread stand still before this one does. */
static void *run_last(void *argument)
{
	const struct sched_param none = {0};
	sched_setscheduler(0, SCHED_IDLE, &none);
	while (!shared->may_go)
		;
	return argument;
}

static int is_signalled(const char *kind)
{
	return strcmp(kind, "pause") == 0 || strcmp(kind, "poll") == 0;
}

static int wait_for(const char *kind, int end)
{
	pthread_t other;
	char byte;
	struct epoll_event event = {.events = EPOLLIN};
	int group = epoll_create1(0);
	const struct sigaction action = {.sa_handler = handle};
	sigaction(SIGUSR1, &action, NULL);
	epoll_ctl(group, EPOLL_CTL_ADD, end, &event);
	alarm(TIME_TO_NOTICE);
	if (is_signalled(kind) && pthread_create(&other, NULL, run_last, NULL) != 0)
		return 0;
	shared->is_ready = 1;
	if (strcmp(kind, "compat") == 0)
		return execl("/pause32", "/pause32", NULL);
	if (strncmp(kind, X32, strlen(X32)) == 0) {
		dup2(end, 0);
		execl("/wait-x32", "/wait-x32", kind + strlen(X32), NULL);
		return 0;
	}
	if (strcmp(kind, "pause") == 0)
		return is_broken_off(pause());
	if (strcmp(kind, "reads") == 0)
		return read(end, &byte, 1) == 1;
	if (strcmp(kind, "poll") == 0)
		return is_broken_off(epoll_wait(group, &event, 1, -1));
	if (strcmp(kind, "polls") == 0)
		return epoll_wait(group, &event, 1, -1) == 1;
	while (!shared->may_go)
		;
	return 1;
}

static int serve(const char *kind, int end)
{
	struct utsname name;
	int group = open(GROUP "/cgroup.procs", O_WRONLY);
	if (group < 0 || write(group, "0", 1) != 1)
		err(1, GROUP);
	if (!wait_for(kind, end))
		return NOTICED;
	return uname(&name) == 0 ? 0 : errno;
}

static char state_of(pid_t pid)
{
	char path[64], text[512] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	int file = open(path, O_RDONLY);
	(void)!read(file, text, sizeof text - 1);
	close(file);
	const char *behind = strrchr(text, ')');
	return behind == NULL ? 'X' : behind[2];
}

/* A process of that kind waits from the moment on at which it sleeps. */
static int is_there(const char *kind, pid_t pid)
{
	if (!shared->is_ready || strcmp(kind, "runs") == 0)
		return shared->is_ready;
	return state_of(pid) == 'S';
}

/* Returns the exit status of the other words. A process gets a signal while it stands still, unless it is 0. */
static int run_tighten(char **words, pid_t signalled)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		execv(words[0], words);
		err(1, "%s", words[0]);
	}
	while (signalled != 0 && state_of(signalled) != 't' && state_of(pid) != 'Z')
		;
	if (signalled != 0 && state_of(pid) == 'Z')
		printf("missed\n");
	if (signalled != 0)
		kill(signalled, SIGUSR1);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int run_dry(char **words)
{
	char *longer[WORDS_MAX + 2] = {0};
	int count = 0;
	while (words[count] != NULL && count < WORDS_MAX) {
		longer[count] = words[count];
		count++;
	}
	longer[count] = "--dry-run";
	return run_tighten(longer, 0);
}

/* Some kinds wait for a connection. */
static void bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		err(1, "lo");
	close(fd);
}

static int try_kinds(char **words)
{
	int in[2], out[2];
	char byte;
	bring_up_loopback();
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		err(1, "pipe");
	if (fork() == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		/* In an emulator a process starts faster than others can be stopped. */
		execl("/kinds", "/kinds", GROUP, "spawning", "forking", "starting-threads", NULL);
		err(1, "/kinds");
	}
	close(out[1]);
	/* Its first line says that all wait. */
	while (read(out[0], &byte, 1) == 1 && byte != '\n')
		;
	int tries = 1, status;
	while (run_dry(words) == UNCHANGED && tries < TRIES)
		tries++;
	while ((status = run_tighten(words, 0)) == UNCHANGED && tries < TRIES)
		tries++;
	printf("status %d\n", status);
	fflush(stdout);
	dprintf(in[1], "filtered\n");
	while (read(out[0], &byte, 1) == 1)
		putchar(byte);
	while (wait(NULL) > 0)
		;
	rmdir(GROUP);
	return 0;
}

int main(int argc, char **argv)
{
	int ends[2], status;
	if (argc < 3)
		errx(2, "tighten-one KIND TIGHTEN WORD…");
	mkdir("/sys", 0755);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("groups", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	mkdir(GROUP, 0755);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || pipe(ends) != 0)
		err(1, "pipe");
	if (strcmp(argv[1], "kinds") == 0)
		return try_kinds(argv + 2);
	pid_t pid = fork();
	if (pid == 0)
		_exit(serve(argv[1], ends[0]));
	while (!is_there(argv[1], pid))
		usleep(1000);
	printf("status %d\n", run_tighten(argv + 2, is_signalled(argv[1]) ? pid : 0));
	if (strcmp(argv[1], "compat") == 0)
		kill(pid, SIGKILL);
	shared->may_go = 1;
	(void)!write(ends[1], "x", 1);
	waitpid(pid, &status, 0);
	printf("uname %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
	rmdir(GROUP);
	return 0;
}
