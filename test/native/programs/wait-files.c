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

/* A ring whose only entry is a timeout. */
static int wait_uring(struct slot *slot)
{
	static const struct __kernel_timespec duration = {.tv_sec = SECONDS};
	struct io_uring_params parameters = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
	size_t size = parameters.sq_off.array + 64;
	char *queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entry =
		mmap(NULL, sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || entry == MAP_FAILED)
		return errno;
	*entry = (struct io_uring_sqe){.opcode = IORING_OP_TIMEOUT, .addr = (uintptr_t)&duration, .len = 1};
	*(volatile uint32_t *)(queue + parameters.sq_off.tail) = 1;
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		return errno;
	return expect(WAIT(slot, syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0)), 0);
}

static int wait_with_worker(struct slot *slot)
{
	struct io_uring_params parameters = {.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 60000};
	if (syscall(SYS_io_uring_setup, 1, &parameters) < 0)
		return errno;
	return wait_to_go(slot);
}

const struct kind wait_files[] = {
	{"flock", wait_flock, 0},
	{"eventfd", wait_eventfd, 0},
	{"timerfd", wait_timerfd, 0},
	{"io-uring", wait_uring, 0},
	{"io-uring-worker", wait_with_worker, 1},
	{NULL, NULL, 0},
};
