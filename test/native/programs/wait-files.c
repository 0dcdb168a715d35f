/* Waits for files: locks, timers, rings. */
#define _GNU_SOURCE
#include "waits.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static int wait_flock(struct slot *slot)
{
	char path[64];
	int held = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", held);
	int wanted = open(path, O_RDWR | O_CLOEXEC);
	if (flock(held, LOCK_EX) < 0)
		return errno;
	if (fork_helper(slot) == 0)
		_exit(flock(held, LOCK_UN) < 0);
	(void)close(held);
	return expect(WAIT(slot, flock(wanted, LOCK_EX)), 0);
}

static int wait_eventfd(struct slot *slot)
{
	eventfd_t value;
	int fd = eventfd(0, 0);
	if (fork_helper(slot) == 0)
		_exit(eventfd_write(fd, 1) < 0);
	return expect(WAIT(slot, eventfd_read(fd, &value)), 0);
}

static int wait_timerfd(struct slot *slot)
{
	uint64_t count;
	const struct itimerspec timer = {.it_value.tv_sec = SECONDS};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	if (timerfd_settime(fd, 0, &timer, NULL) < 0)
		return errno;
	return expect(WAIT(slot, read(fd, &count, sizeof count)), sizeof count);
}

/* A ring with room for one entry. */
struct ring {
	int fd;
	char *queues;
	struct io_uring_sqe *entry;
	struct io_uring_params parameters;
};

static int open_ring(struct ring *ring)
{
	ring->parameters = (struct io_uring_params){0};
	ring->fd = (int)syscall(SYS_io_uring_setup, 1, &ring->parameters);
	ring->queues = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->entry = mmap(NULL, sizeof *ring->entry, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	return ring->queues == MAP_FAILED || (void *)ring->entry == MAP_FAILED ? -1 : 0;
}

static int submit(struct ring *ring)
{
	*(volatile uint32_t *)(ring->queues + ring->parameters.sq_off.tail) = 1;
	return syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

static long complete(struct ring *ring)
{
	return syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* The only entry is a timeout. */
static int wait_uring(struct slot *slot)
{
	static const struct __kernel_timespec duration = {.tv_sec = SECONDS};
	struct ring ring;
	if (open_ring(&ring) < 0)
		return errno;
	*ring.entry = (struct io_uring_sqe){.opcode = IORING_OP_TIMEOUT, .addr = (uintptr_t)&duration, .len = 1};
	if (submit(&ring) < 0)
		return errno;
	return expect(WAIT(slot, complete(&ring)), 0);
}

/* A worker of the ring's waits, for the other end of a FIFO. */
static int wait_in_worker(struct slot *slot)
{
	struct ring ring;
	char path[64];
	(void)snprintf(path, sizeof path, "/tmp/waits-%d", getpid());
	if (open_ring(&ring) < 0 || mkfifo(path, 0600) < 0)
		return errno;
	*ring.entry = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC, .fd = AT_FDCWD,
					    .addr = (uintptr_t)path, .open_flags = O_RDONLY};
	if (submit(&ring) < 0)
		return errno;
	if (fork_helper(slot) == 0)
		_exit(open(path, O_WRONLY) < 0);
	(void)wait_to_go(slot);
	int problem = expect(complete(&ring), 0);
	const struct io_uring_cqe *answer = (void *)(ring.queues + ring.parameters.cq_off.cqes);
	(void)unlink(path);
	return problem != 0 ? problem : answer->res < 0 ? -answer->res : 0;
}

static int wait_with_poller(struct slot *slot)
{
	struct io_uring_params parameters = {.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = MILLISECONDS};
	if (syscall(SYS_io_uring_setup, 1, &parameters) < 0)
		return errno;
	return wait_to_go(slot);
}

const struct kind wait_files[] = {
	{"flock", wait_flock, 0},
	{"eventfd", wait_eventfd, 0},
	{"timerfd", wait_timerfd, 0},
	{"io-uring", wait_uring, 0},
	{"io-uring-worker", wait_in_worker, 0},
	{"io-uring-poller", wait_with_poller, 1},
	{NULL, NULL, 0},
};
