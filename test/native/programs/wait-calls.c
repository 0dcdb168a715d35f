/* Calls that wait: until the process may go, or until their time is up. */
#define _GNU_SOURCE
#include "waits.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static const struct timespec duration = {.tv_sec = SECONDS};
static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

static sigset_t set_of(int number)
{
	sigset_t set;
	sigemptyset(&set);
	if (number != 0)
		sigaddset(&set, number);
	return set;
}

static int wait_nanosleep(struct slot *slot)
{
	return expect(WAIT(slot, nanosleep(&duration, NULL)), 0);
}

static int wait_until(struct slot *slot)
{
	struct timespec end;
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += SECONDS;
	return WAIT(slot, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL));
}

static int wait_futex(struct slot *slot)
{
	int problem = expect(WAIT(slot, syscall(SYS_futex, &slot->may_go, FUTEX_WAIT, 0, NULL, NULL, 0)), 0);
	/* The word may have changed just before the call began anew. */
	return problem == EAGAIN && slot->may_go ? 0 : problem;
}

static int wait_futex_timeout(struct slot *slot)
{
	static int word;
	return expect_error(WAIT(slot, syscall(SYS_futex, &word, FUTEX_WAIT, 0, &duration, NULL, 0)), ETIMEDOUT);
}

static int wait_read(struct slot *slot)
{
	int ends[2];
	char byte;
	if (pipe(ends) < 0)
		return errno;
	if (fork_helper(slot) == 0)
		_exit(write(ends[1], "x", 1) != 1);
	return expect(WAIT(slot, read(ends[0], &byte, 1)), 1);
}

static int wait_write(struct slot *slot)
{
	int ends[2];
	static char bytes[4096];
	if (pipe2(ends, O_NONBLOCK) < 0)
		return errno;
	while (write(ends[1], bytes, sizeof bytes) > 0)
		;
	(void)fcntl(ends[1], F_SETFL, 0);
	if (fork_helper(slot) == 0)
		_exit(read(ends[0], bytes, sizeof bytes) != sizeof bytes);
	return expect(WAIT(slot, write(ends[1], bytes, sizeof bytes)), sizeof bytes);
}

static int wait_accept(struct slot *slot)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (void *)&address, size) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (void *)&address, &size) < 0)
		return errno;
	if (fork_helper(slot) == 0)
		_exit(connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&address, size) < 0);
	return WAIT(slot, accept(listener, NULL, NULL)) < 0 ? errno : 0;
}

/* One end of a pair of sockets that nobody writes to, with a timeout. */
static int timed_socket(void)
{
	int ends[2];
	struct timeval timeout = {.tv_sec = SECONDS};
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ||
	    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0)
		return -1;
	return ends[0];
}

static int wait_recv_timeout(struct slot *slot)
{
	char byte;
	int fd = timed_socket();
	return expect_error(WAIT(slot, recv(fd, &byte, 1, 0)), EAGAIN);
}

static int wait_read_timeout(struct slot *slot)
{
	char byte;
	int fd = timed_socket();
	return expect_error(WAIT(slot, read(fd, &byte, 1)), EAGAIN);
}

static int wait_poll(struct slot *slot)
{
	return expect(WAIT(slot, poll(NULL, 0, MILLISECONDS)), 0);
}

static int wait_poll_forever(struct slot *slot)
{
	int fd = eventfd(0, 0);
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	if (fork_helper(slot) == 0)
		_exit(eventfd_write(fd, 1) < 0);
	return expect(WAIT(slot, poll(&polled, 1, -1)), 1);
}

static int wait_ppoll(struct slot *slot)
{
	sigset_t none = set_of(0);
	return expect(WAIT(slot, ppoll(NULL, 0, &duration, &none)), 0);
}

static int wait_select(struct slot *slot)
{
	struct timeval timeout = {.tv_sec = SECONDS};
	return expect(WAIT(slot, select(0, NULL, NULL, NULL, &timeout)), 0);
}

static int wait_pselect(struct slot *slot)
{
	sigset_t none = set_of(0);
	return expect(WAIT(slot, pselect(0, NULL, NULL, NULL, &duration, &none)), 0);
}

static int wait_epoll(struct slot *slot)
{
	struct epoll_event event;
	int fd = epoll_create1(0);
	return expect(WAIT(slot, epoll_wait(fd, &event, 1, MILLISECONDS)), 0);
}

static int wait_epoll_forever(struct slot *slot)
{
	int fd = eventfd(0, 0), group = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN};
	if (epoll_ctl(group, EPOLL_CTL_ADD, fd, &event) < 0)
		return errno;
	if (fork_helper(slot) == 0)
		_exit(eventfd_write(fd, 1) < 0);
	return expect(WAIT(slot, epoll_wait(group, &event, 1, -1)), 1);
}

static int wait_epoll_pwait(struct slot *slot)
{
	struct epoll_event event;
	sigset_t all;
	int fd = epoll_create1(0);
	sigfillset(&all);
	return expect(WAIT(slot, epoll_pwait(fd, &event, 1, MILLISECONDS, &all)), 0);
}

/* Waits for SIGUSR1, blocked but for that time, and has its handler run once. */
static int wait_for_signal(struct slot *slot, int (*wait)(const sigset_t *none))
{
	sigset_t none = set_of(0), blocked = set_of(SIGUSR1);
	(void)signal(SIGUSR1, handle);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	int problem = expect_error(WAIT(slot, wait(&none)), EINTR);
	(void)sigprocmask(SIG_BLOCK, NULL, &blocked);
	if (handled != 1 || !sigismember(&blocked, SIGUSR1))
		return EPROTO;
	return problem;
}

static int wait_sigsuspend(struct slot *slot)
{
	return wait_for_signal(slot, sigsuspend);
}

static int wait_pause(struct slot *slot)
{
	(void)signal(SIGUSR1, handle);
	int problem = expect_error(WAIT(slot, pause()), EINTR);
	return handled == 1 ? problem : EPROTO;
}

static int wait_sigtimedwait(struct slot *slot)
{
	sigset_t set = set_of(SIGUSR2);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return expect_error(WAIT(slot, sigtimedwait(&set, NULL, &duration)), EAGAIN);
}

static int wait_semop(struct slot *slot)
{
	struct sembuf operation = {.sem_op = -1};
	int id = semget(IPC_PRIVATE, 1, 0600);
	if (fork_helper(slot) == 0) {
		operation.sem_op = 1;
		_exit(semop(id, &operation, 1) < 0);
	}
	int problem = expect(WAIT(slot, semop(id, &operation, 1)), 0);
	(void)semctl(id, 0, IPC_RMID);
	return problem;
}

static int wait_semtimedop(struct slot *slot)
{
	struct sembuf operation = {.sem_op = -1};
	int id = semget(IPC_PRIVATE, 1, 0600);
	int problem = expect_error(WAIT(slot, semtimedop(id, &operation, 1, &duration)), EAGAIN);
	(void)semctl(id, 0, IPC_RMID);
	return problem;
}

static int wait_msgrcv(struct slot *slot)
{
	struct {
		long type;
		char text[1];
	} message = {.type = 1};
	int id = msgget(IPC_PRIVATE, 0600);
	if (fork_helper(slot) == 0)
		_exit(msgsnd(id, &message, 1, 0) < 0);
	int problem = expect(WAIT(slot, msgrcv(id, &message, 1, 0, 0)), 1);
	(void)msgctl(id, IPC_RMID, NULL);
	return problem;
}

const struct kind wait_calls[] = {
	{"nanosleep", wait_nanosleep, 0},
	{"until", wait_until, 0},
	{"futex", wait_futex, 0},
	{"futex-timeout", wait_futex_timeout, 0},
	{"read", wait_read, 0},
	{"write", wait_write, 0},
	{"accept", wait_accept, 0},
	{"recv-timeout", wait_recv_timeout, 0},
	{"read-timeout", wait_read_timeout, 0},
	{"poll", wait_poll, 0},
	{"poll-forever", wait_poll_forever, 0},
	{"ppoll", wait_ppoll, 0},
	{"select", wait_select, 0},
	{"pselect", wait_pselect, 0},
	{"epoll", wait_epoll, 0},
	{"epoll-forever", wait_epoll_forever, 0},
	{"epoll-pwait", wait_epoll_pwait, 0},
	{"sigsuspend", wait_sigsuspend, 0},
	{"pause", wait_pause, 0},
	{"sigtimedwait", wait_sigtimedwait, 0},
	{"semop", wait_semop, 0},
	{"semtimedop", wait_semtimedop, 0},
	{"msgrcv", wait_msgrcv, 0},
	{NULL, NULL, 0},
};
