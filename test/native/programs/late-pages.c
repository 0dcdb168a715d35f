/*
 * late-pages GROUP: a file system (FUSE) whose server is a process of a control group, and another process there that
 * waits in a call by an instruction of a file in it. The page has gone from memory then, and only the server can bring it
 * again. It prints "ready" then, or "none" where there are no such file systems.
 */
#define _GNU_SOURCE
#include "process.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define FILE_NODE 2
#define FOR_LONG 1000 /* seconds */

static const uint8_t code[] = {
	0xb8, SYS_pause, 0, 0, 0, /* mov $SYS_pause, %eax */
	0x0f, 0x05, 0xc3,         /* syscall; ret */
};

static void answer(int device, const struct fuse_in_header *request, int error, const void *bytes, size_t size)
{
	static char message[2 * PAGE];
	struct fuse_out_header head = {(uint32_t)(sizeof head + size), -error, request->unique};
	memcpy(message, &head, sizeof head);
	memcpy(message + sizeof head, bytes, size);
	(void)!write(device, message, head.len);
}

static struct fuse_attr attributes(uint64_t node)
{
	int is_file = node == FILE_NODE;
	return (struct fuse_attr){
		.ino = node, .size = PAGE, .mode = (is_file ? S_IFREG : S_IFDIR) | 0755, .nlink = 1, .blksize = PAGE};
}

static void serve_one(int device, const struct fuse_in_header *request)
{
	char page[PAGE] = {0};
	struct fuse_init_out hello = {.major = 7, .minor = 31, .max_readahead = PAGE, .max_write = PAGE};
	struct fuse_entry_out entry = {.nodeid = FILE_NODE, .entry_valid = FOR_LONG, .attr_valid = FOR_LONG};
	struct fuse_attr_out known = {.attr_valid = FOR_LONG, .attr = attributes(request->nodeid)};
	struct fuse_open_out opened = {0};
	entry.attr = attributes(FILE_NODE);
	memcpy(page, code, sizeof code);
	if (request->opcode == FUSE_INIT)
		answer(device, request, 0, &hello, sizeof hello);
	else if (request->opcode == FUSE_LOOKUP)
		answer(device, request, 0, &entry, sizeof entry);
	else if (request->opcode == FUSE_GETATTR)
		answer(device, request, 0, &known, sizeof known);
	else if (request->opcode == FUSE_OPEN)
		answer(device, request, 0, &opened, sizeof opened);
	else if (request->opcode == FUSE_READ)
		answer(device, request, 0, page, sizeof page);
	else if (request->opcode != FUSE_FORGET && request->opcode != FUSE_INTERRUPT)
		answer(device, request, ENOSYS, page, 0);
}

static _Noreturn void serve(int device)
{
	static char message[1 << 20];
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(device, message, sizeof message) > 0 || errno == EINTR || errno == ENOENT)
		serve_one(device, (const struct fuse_in_header *)message);
	_exit(0);
}

/* Has the page leave memory while the other waits. */
static _Noreturn void take_page(int device)
{
	struct {
		struct fuse_out_header head;
		struct fuse_notify_inval_inode_out what;
	} told = {{sizeof told, FUSE_NOTIFY_INVAL_INODE, 0}, {FILE_NODE, 0, PAGE}};
	(void)sleep(1);
	if (write(device, &told, sizeof told) < 0)
		err(1, "FUSE_NOTIFY_INVAL_INODE");
	(void)!write(1, "ready\n", 6);
	_exit(0);
}

int main(int argc, char **argv)
{
	char options[128];
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (argc != 2)
		errx(1, "late-pages GROUP");
	(void)snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (device < 0 || unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("late-pages", "/mnt", "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		(void)!write(1, "none\n", 5);
		return 0;
	}
	join(argv[1]);
	if (fork() == 0)
		serve(device);
	int file = open("/mnt/code", O_RDONLY | O_CLOEXEC);
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
	if (page == MAP_FAILED)
		err(1, "mmap");
	if (fork() == 0)
		take_page(device);
	(void)close(device);
	for (;;)
		((void (*)(void))(uintptr_t)page)();
}
