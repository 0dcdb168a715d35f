/*
 * Makes calls that an observer must tell of. `observed WORD…`, where a word is one of the functions in `parts`; files are made
 * in the working directory.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observed-files.h"
#include "observed-filters.h"

static void *call_in_thread(void *number)
{
	repeat((long)number, 500);
	return NULL;
}

/* 1000 times getppid, 1000 times getuid in two threads, 100 times getgid in a child. */
static void calls(void)
{
	pthread_t threads[2];
	repeat(SYS_getppid, 1000);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, call_in_thread, (void *)SYS_getuid);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pid_t child = fork();
	if (child == 0) {
		repeat(SYS_getgid, 100);
		_exit(0);
	}
	await_child(child);
}

static void arguments(void)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	(void)socket(AF_INET, SOCK_STREAM, 0);
	(void)socket(AF_UNIX, SOCK_DGRAM, 0);
	(void)socket(AF_UNIX, SOCK_DGRAM, 0);
	(void)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
	(void)syscall(SYS_openat2, AT_FDCWD, "/", (void *)1, sizeof how);
	(void)syscall(SYS_lseek, -1, -2L, 0);
}

/* lseek(-1, -2, 0) by i386's convention, and getpid() by x32's. */
static void conventions(void)
{
#ifdef __x86_64__
	long result = 0;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(19), "b"(-1), "c"(-2), "d"(0) : "memory");
	(void)syscall(0x40000000 | SYS_getpid);
#endif
}

/* More distinct values than there is room for. */
static void many_values(void)
{
	for (unsigned long i = 0; i < 100; i++)
		(void)ioctl(-1, i);
}

/* Executes the script `script`. */
static void script(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(execl("./script", "script", NULL));
	await_child(child);
}

/* Executes `setup`, in a child and in a grandchild that has outlived its parent. */
static void hide(void)
{
	pid_t child = fork();
	if (child == 0) {
		execl("./setup", "setup", "calls", NULL);
		_exit(1);
	}
	await_child(child);
	child = fork();
	if (child == 0) {
		pid_t parent = getpid();
		if (fork() != 0)
			_exit(0);
		while (syscall(SYS_getpgid, parent) >= 0)
			usleep(1000);
		execl("./setup", "setup", "calls", NULL);
		_exit(1);
	}
	await_child(child);
	sleep(1); /* nobody is told of the other's end */
}

static void peers(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in port9 = here;
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct stat status;
	socklen_t size = sizeof here;
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int datagram = socket(AF_INET, SOCK_DGRAM, 0), local = socket(AF_UNIX, SOCK_DGRAM, 0);
	port9.sin_port = htons(9);
	must(bind(server, (struct sockaddr *)&here, sizeof here) == 0 && listen(server, 1) == 0 &&
		     getsockname(server, (struct sockaddr *)&here, &size) == 0 && connect(client, (struct sockaddr *)&here, size) == 0,
	     "socket");
	(void)accept4(server, NULL, NULL, 0);
	(void)sendto(datagram, "x", 1, 0, (struct sockaddr *)&port9, sizeof port9);
	must(stat(".", &status) == 0, "folder");
	int length = snprintf(path.sun_path + 1, sizeof path.sun_path - 1, "observed%c%lu", 0, (unsigned long)status.st_ino);
	(void)bind(local, (struct sockaddr *)&path, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) + (socklen_t)length);
	strcpy(path.sun_path, "/nowhere/socket");
	(void)connect(local, (struct sockaddr *)&path, sizeof path);
	/* With a length that ends before the NUL. */
	memset(path.sun_path, 'x', sizeof path.sun_path);
	memcpy(path.sun_path, "below/socket", 12);
	mkdir("below", 0700);
	(void)bind(socket(AF_UNIX, SOCK_DGRAM, 0), (struct sockaddr *)&path, offsetof(struct sockaddr_un, sun_path) + 12);
}

/* Calls that each write into a page of its own: where memory is reserved, the kernel asks for a capability. */
static void into_fresh_pages(void)
{
	enum { PAGE = 4096, ARGUMENTS = 4, FRESH = -2 };
	static const struct {
		long number;
		long arguments[ARGUMENTS];
	} calls[] = {
		{SYS_uname, {FRESH}}, {SYS_times, {FRESH}}, {SYS_sysinfo, {FRESH}}, {SYS_getcwd, {FRESH, PAGE}},
		{SYS_pipe2, {FRESH}}, {SYS_clock_gettime, {0, FRESH}}, {SYS_clock_getres, {0, FRESH}}, {SYS_getrusage, {0, FRESH}},
		{SYS_getrlimit, {0, FRESH}}, {SYS_getitimer, {0, FRESH}}, {SYS_gettimeofday, {FRESH}}, {SYS_fstat, {0, FRESH}},
		{SYS_fstatfs, {0, FRESH}}, {SYS_getresuid, {FRESH, FRESH, FRESH}}, {SYS_getresgid, {FRESH, FRESH, FRESH}},
		{SYS_sched_getparam, {0, FRESH}}, {SYS_sched_getaffinity, {0, 128, FRESH}}, {SYS_sched_rr_get_interval, {0, FRESH}},
		{SYS_prlimit64, {0, 3, 0, FRESH}}, {SYS_rt_sigpending, {FRESH, 8}}, {SYS_sigaltstack, {0, FRESH}},
		{SYS_getcpu, {FRESH}}, {SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, FRESH}}, {SYS_getrandom, {FRESH, 16}},
		{SYS_rt_sigprocmask, {0, 0, FRESH, 8}}, {SYS_rt_sigaction, {10, 0, FRESH, 8}}, {SYS_get_robust_list, {0, FRESH, FRESH}},
		{SYS_sched_getattr, {0, FRESH, 56}}, {SYS_prctl, {PR_GET_NAME, FRESH}},
		{SYS_statfs, {(long)"/", FRESH}}, {SYS_newfstatat, {AT_FDCWD, (long)"/", FRESH}}, {SYS_pread64, {9, FRESH, 4}},
		{SYS_readlinkat, {AT_FDCWD, (long)"/proc/self/exe", FRESH, 100}}, {SYS_read, {9, FRESH, 4}},
	};
	size_t count = sizeof calls / sizeof calls[0];
	char *pages = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pages == MAP_FAILED || dup2(open("/proc/self/exe", O_RDONLY), 9) != 9)
		err(1, "pages");
	for (size_t i = 0; i < count; i++) {
		long with[ARGUMENTS];
		for (int k = 0; k < ARGUMENTS; k++)
			with[k] = calls[i].arguments[k] == FRESH ? (long)(pages + i * PAGE + k * 512) : calls[i].arguments[k];
		(void)syscall(calls[i].number, with[0], with[1], with[2], with[3]);
	}
}

/* More files than there is room for. */
static void many_files(void)
{
	char name[32];
	for (int i = 0; i < 9000; i++) {
		snprintf(name, sizeof name, "file-%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	for (int i = 0; i < 9000; i++) {
		snprintf(name, sizeof name, "file-%d", i);
		unlink(name);
	}
}

/* Has the kernel make room for the stack, 4 MiB of it. */
static void stack(void)
{
	volatile char room[4 << 20];
	for (size_t i = sizeof room; i > 0; i -= 4096)
		room[i - 1] = 1;
}

/* An operation of io_uring that does nothing. */
static void ring(void)
{
	struct io_uring_params parameters = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 2, &parameters);
	if (ring < 0)
		err(1, "io_uring_setup");
	const struct io_sqring_offsets *at = &parameters.sq_off;
	char *queue = mmap(NULL, at->array + parameters.sq_entries * sizeof(__u32), PROT_READ | PROT_WRITE, MAP_SHARED,
			   ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entries = mmap(NULL, parameters.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED,
					    ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || (void *)entries == MAP_FAILED)
		err(1, "mmap");
	entries[0] = (struct io_uring_sqe){.opcode = IORING_OP_NOP};
	((__u32 *)(void *)(queue + at->array))[0] = 0;
	*(__u32 *)(void *)(queue + at->tail) = 1;
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		err(1, "io_uring_enter");
}

/* Keeps two capabilities of all, gives one of them to programs that it would execute; before, gives one up and keeps the others. */
static void keeps(void)
{
	enum { CHOWN = 1 << 0, NET_BIND_SERVICE = 1 << 10, MKNOD = 1 << 27, AMBIENT_RAISE = 2 };
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];
	must(syscall(SYS_capget, &header, sets) == 0, "capget");
	sets[0].permitted &= ~(unsigned)MKNOD;
	sets[0].effective &= ~(unsigned)MKNOD;
	must(syscall(SYS_capset, &header, sets) == 0, "capset");
	memset(sets, 0, sizeof sets);
	sets[0].permitted = CHOWN | NET_BIND_SERVICE;
	sets[0].inheritable = NET_BIND_SERVICE;
	must(syscall(SYS_capset, &header, sets) == 0, "capset");
	must(prctl(PR_CAP_AMBIENT, AMBIENT_RAISE, 10, 0, 0) == 0, "prctl");
}

static const struct {
	const char *word;
	void (*run)(void);
} parts[] = {
	{"calls", calls}, {"arguments", arguments}, {"many-values", many_values}, {"paths", paths},
	{"directories", directories}, {"jail", jail}, {"places", places}, {"read-file", read_file}, {"makes", makes}, {"answered", answered}, {"trapped", trapped},
	{"attributes", attributes}, {"conventions", conventions}, {"script", script}, {"peers", peers}, {"refused", refused}, {"many-files", many_files},
	{"hide", hide}, {"into-fresh-pages", into_fresh_pages}, {"ring", ring}, {"stack", stack},
	{"leaves", leaves}, {"late", late}, {"unfiltered", unfiltered}, {"becomes", becomes}, {"uname", call_uname}, {"born-outside", born_outside},
	{"links", links}, {"keeps", keeps},
};

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++)
			if (strcmp(argv[i], parts[part].word) == 0)
				parts[part].run();
	return 0;
}
