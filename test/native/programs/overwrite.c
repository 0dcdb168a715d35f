/*
 * overwrite PID [vm]: writes into each page of a process that can only be read and has no file, as soon as it is there: each
 * instruction of a filter becomes one that permits all. With `vm` it is process_vm_writev(2) that writes, and each attempt
 * has a line: "written", or the errno. It ends with the process.
 */
#define _GNU_SOURCE
#include "read-only-pages.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static int memory;
static pid_t process;

static void overwrite(unsigned long from, size_t size)
{
	(void)!pwrite(memory, permitting, size, (off_t)from);
}

static void overwrite_by_call(unsigned long from, size_t size)
{
	struct iovec local = {permitting, size}, remote = {(void *)from, size};
	if (process_vm_writev(process, &local, 1, &remote, 1, 0) >= 0)
		dprintf(1, "written\n");
	else if (errno != ESRCH)
		dprintf(1, "%d\n", errno);
}

int main(int argc, char **argv)
{
	char path[64];
	int is_call = argc == 3 && strcmp(argv[2], "vm") == 0;
	if (argc != 2 && !is_call)
		errx(1, "overwrite PID [vm]");
	fill_permitting();
	process = atoi(argv[1]);
	(void)snprintf(path, sizeof path, "/proc/%s/mem", argv[1]);
	memory = open(path, O_RDWR | O_CLOEXEC);
	if (memory < 0)
		err(1, "%s", path);
	(void)!write(1, "ready\n", 6);
	while (find_read_only(argv[1], is_call ? overwrite_by_call : overwrite) > 0)
		;
	return 0;
}
