/*
 * late-exec GROUP: a process of a control group that execs while another of its threads is stopped. Until then it waits
 * for the path, which is in memory that this process brings (userfaultfd(2)). It prints "ready" when both wait, or "none"
 * where there is no such memory.
 */
#define _GNU_SOURCE
#include "process.h"

#include <err.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

/* How long after that stop, in microseconds: a stop was asked for here, too. */
#define LATER 20000

static char *page;
static char *const sleeping[] = {"sleep", "1000", NULL};

static struct {
	int faults; /* the descriptor of the memory, in the process that execs, or -1 */
	pid_t other; /* its thread that doesn't exec */
} waiting;
static int told[2];

static int watch_memory(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.range = {(uintptr_t)page, PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults >= 0 && (ioctl(faults, UFFDIO_API, &api) < 0 || ioctl(faults, UFFDIO_REGISTER, &range) < 0))
		err(1, "userfaultfd");
	return faults;
}

static void *nap(void *argument)
{
	waiting.other = (pid_t)syscall(SYS_gettid);
	(void)!write(told[1], &waiting, sizeof waiting);
	for (;;)
		(void)pause();
	return argument;
}

static _Noreturn void exec_in_group(const char *group)
{
	pthread_t thread;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	waiting.faults = watch_memory();
	join(group);
	if (pthread_create(&thread, NULL, nap, NULL) != 0)
		err(1, "pthread_create");
	(void)execv(page, sleeping);
	err(1, "execv");
}

int main(int argc, char **argv)
{
	static char path[PAGE] = "/usr/bin/sleep";
	if (argc != 2)
		errx(1, "late-exec GROUP");
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || pipe(told) < 0)
		err(1, "mmap, pipe");
	pid_t pid = fork();
	if (pid == 0)
		exec_in_group(argv[1]);
	if (read(told[0], &waiting, sizeof waiting) != sizeof waiting || waiting.faults < 0) {
		(void)!write(1, "none\n", 5);
		return 0;
	}
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fault = {.fd = (int)syscall(SYS_pidfd_getfd, process, waiting.faults, 0), .events = POLLIN};
	if (fault.fd < 0 || poll(&fault, 1, -1) != 1)
		err(1, "pidfd_getfd");
	(void)!write(1, "ready\n", 6);
	while (state_of(waiting.other) != 't')
		(void)usleep(100);
	(void)usleep(LATER);
	struct uffdio_copy copy = {.dst = (uintptr_t)page, .src = (uintptr_t)path, .len = PAGE};
	if (ioctl(fault.fd, UFFDIO_COPY, &copy) < 0)
		err(1, "UFFDIO_COPY");
	for (;;)
		(void)pause();
}
