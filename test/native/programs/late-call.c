/*
 * late-call GROUP: processes in a control group, whose filter refuses write, and which wait in a call. One outside writes
 * over their call's instruction as soon as they are made to make calls: they go round in circles there. When the first
 * process has been let go they are sent to a write. It prints "ready", then "tried" for each that has come there, and
 * "made" if the kernel has made one.
 */
#define _GNU_SOURCE
#include "process.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHERS 60
#define VICTIMS 12
#define PAGE 4096UL

/* In a victim's page: where it waits, what it is to do instead, and what it has done. */
#define CALL 5
#define INSTEAD 64
#define TRIED 256

/* The pipe that is to be written to. */
#define WRITTEN 10

/* The instruction of the call, as a number: syscall; a jump to itself; a jump to INSTEAD. */
#define ROUND 0xfeeb
#define AWAY (0xeb | (INSTEAD - CALL - 2) << 8)

static uint8_t *pages;

static const uint8_t waiting[] = {
	0xb8, SYS_pause, 0, 0, 0, /* mov $SYS_pause, %eax */
	0x0f, 0x05, 0xc3,         /* syscall; ret */
};

static const uint8_t instead[] = {
	0xff, 0x05, 0xba, 0, 0, 0,    /* incl TRIED(%rip) */
	0xb8, SYS_write, 0, 0, 0,     /* mov $SYS_write, %eax */
	0xbf, WRITTEN, 0, 0, 0,       /* mov $WRITTEN, %edi */
	0x48, 0x8d, 0x35, 0, 0, 0, 0, /* lea (%rip), %rsi */
	0xba, 1, 0, 0, 0,             /* mov $1, %edx */
	0x0f, 0x05, 0xeb, 0xfe,       /* syscall; jmp . */
};

static void refuse_write(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		err(1, "seccomp");
}

static int start(const char *group, uint8_t *page)
{
	int pid = fork();
	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	join(group);
	if (page == NULL)
		for (;;)
			(void)pause();
	refuse_write();
	for (;;)
		((void (*)(void))(uintptr_t)page)();
}

static int open_status(int pid)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/status", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Whether all signals of a process are blocked, as they are while it is made to make calls. */
static int is_made_to(int status)
{
	char text[8192] = "";
	long size = pread(status, text, sizeof text - 1, 0);
	const char *at = size > 0 ? strstr(text, "\nSigBlk:\tfffffff") : NULL;
	return at != NULL;
}

static void set_call(int victim, uint16_t bytes)
{
	__atomic_store_n((uint16_t *)(pages + victim * PAGE + CALL), bytes, __ATOMIC_SEQ_CST);
}

/* Waits until processes have come to their call, or can't any more, and tells. */
static void tell(int written)
{
	char byte;
	(void)sleep(1);
	for (int i = 0; i < VICTIMS; i++)
		if (pages[i * PAGE + TRIED] != 0)
			(void)!write(1, "tried\n", 6);
	if (read(written, &byte, 1) == 1)
		(void)!write(1, "made\n", 5);
}

int main(int argc, char **argv)
{
	int ends[2], first, status[VICTIMS], is_hit[VICTIMS] = {0}, hits = 0;
	if (argc != 2)
		errx(1, "late-call GROUP");
	pages = mmap(NULL, VICTIMS * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		err(1, "mmap");
	if (pipe2(ends, O_NONBLOCK) < 0 || dup2(ends[1], WRITTEN) < 0)
		err(1, "pipe");
	first = open_status(start(argv[1], NULL));
	for (int i = 1; i < OTHERS; i++)
		(void)start(argv[1], NULL);
	for (int i = 0; i < VICTIMS; i++) {
		memcpy(pages + i * PAGE, waiting, sizeof waiting);
		memcpy(pages + i * PAGE + INSTEAD, instead, sizeof instead);
		status[i] = open_status(start(argv[1], pages + i * PAGE));
	}
	(void)sleep(1);
	(void)!write(1, "ready\n", 6);
	while (hits == 0 || is_made_to(first)) {
		for (int i = 0; i < VICTIMS; i++) {
			if (is_hit[i] || !is_made_to(status[i]))
				continue;
			set_call(i, ROUND);
			is_hit[i] = 1;
			hits++;
		}
		if (waitpid(-1, NULL, WNOHANG) != 0)
			break;
	}
	for (int i = 0; i < VICTIMS; i++)
		if (is_hit[i])
			set_call(i, AWAY);
	tell(ends[0]);
	return 0;
}
