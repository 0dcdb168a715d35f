/*
 * ring-writes GROUP: has a ring of io_uring whose thread works in the kernel (IORING_SETUP_SQPOLL), and a child in another
 * control group that shares it. The child has the ring read a file into memory of this process: first into the code of this
 * program, then into each page that can only be read and has no file, as soon as it is there. Each attempt has a line:
 * "written", or the errno; "ready" comes behind the first.
 */
#define _GNU_SOURCE
#include "process.h"
#include "read-only-pages.h"

#include <err.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 8

static int ring, file;
static struct io_uring_params parameters = {.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1000};
static struct io_uring_sqe *requests;
static char *queues;

static void *map(size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
	if (at == MAP_FAILED)
		err(1, "mmap");
	return at;
}

static void set_up(void)
{
	ring = (int)syscall(SYS_io_uring_setup, ENTRIES, &parameters);
	if (ring < 0)
		err(1, "io_uring_setup");
	/* Both queues are in one mapping (IORING_FEAT_SINGLE_MMAP). */
	size_t submitted = parameters.sq_off.array + parameters.sq_entries * sizeof(uint32_t);
	size_t completed = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
	queues = map(submitted > completed ? submitted : completed, IORING_OFF_SQ_RING);
	requests = map(parameters.sq_entries * sizeof *requests, IORING_OFF_SQES);
	file = memfd_create("permitting", MFD_CLOEXEC);
	if (file < 0 || write(file, permitting, sizeof permitting) != (ssize_t)sizeof permitting)
		err(1, "memfd_create");
}

static _Atomic uint32_t *number_at(uint32_t offset)
{
	return (_Atomic uint32_t *)(void *)(queues + offset);
}

/* One request at a time. */
static void overwrite(unsigned long at, size_t size)
{
	uint32_t tail = *number_at(parameters.sq_off.tail), head = *number_at(parameters.cq_off.head);
	uint32_t index = tail & *number_at(parameters.sq_off.ring_mask);
	requests[index] = (struct io_uring_sqe){
		.opcode = IORING_OP_READ, .fd = file, .addr = at, .len = (uint32_t)size};
	*number_at(parameters.sq_off.array + index * (uint32_t)sizeof(uint32_t)) = index;
	*number_at(parameters.sq_off.tail) = tail + 1;
	(void)syscall(SYS_io_uring_enter, ring, 1, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
	while (*number_at(parameters.cq_off.tail) == head)
		if (getppid() == 1)
			_exit(0);
	const struct io_uring_cqe *results = (const void *)(queues + parameters.cq_off.cqes);
	int result = results[head & *number_at(parameters.cq_off.ring_mask)].res;
	*number_at(parameters.cq_off.head) = head + 1;
	if (result >= 0)
		dprintf(1, "written\n");
	else
		dprintf(1, "%d\n", -result);
}

static _Noreturn void attack(const char *group, pid_t victim)
{
	char pid[16];
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(pid, sizeof pid, "%d", victim);
	join(group);
	overwrite((unsigned long)(uintptr_t)set_up, sizeof permitting[0]);
	(void)!write(1, "ready\n", 6);
	while (find_read_only(pid, overwrite) > 0)
		;
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(1, "ring-writes GROUP");
	fill_permitting();
	set_up();
	pid_t victim = getpid();
	if (fork() == 0)
		attack(argv[1], victim);
	for (;;)
		(void)pause();
}
