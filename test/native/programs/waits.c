/*
 * waits GROUP [NAME…]: processes in a control group, each of which waits in another way, but for those named. It prints
 * "ready COUNT", takes a line from standard input, lets all that wait for something have it, and prints of each "NAME ok",
 * or "NAME" and what was odd. "plain" in place of "filtered" on that line says that no filter is to be in force.
 */
#define _GNU_SOURCE
#include "process.h"
#include "waits.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define KINDS 100

/* How long a process may take to wait, and to end. */
#define PATIENCE 30

static const struct kind *kinds[KINDS];
static struct slot *slots;
static int count;

int is_filtered(void)
{
	return syscall(SYS_getppid) == -1 && errno == 77;
}

static int is_named(const char *name, char **names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static void add(const struct kind *kind, char **left_out)
{
	for (; kind->name != NULL; kind++)
		if (!is_named(kind->name, left_out))
			kinds[count++] = kind;
}

static void start(const char *group, int index)
{
	struct slot *slot = &slots[index];
	pid_t pid = fork();
	if (pid != 0) {
		slot->pid = pid;
		return;
	}
	join(group);
	/* Whoever reads the output waits for its end, whatever becomes of this process. */
	(void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
	(void)prctl(PR_SET_NAME, kinds[index]->name, 0, 0, 0);
	slot->problem = kinds[index]->wait(slot);
	while (!slot->may_go)
		pause_briefly();
	slot->is_filtered = is_filtered();
	slot->is_done = 1;
	_exit(0);
}

static int is_waiting(int index)
{
	return slots[index].is_ready && (kinds[index]->is_running || state_of(slots[index].pid) != 'R');
}

static void await_waiting(int index)
{
	double end = seconds() + PATIENCE;
	while (!is_waiting(index)) {
		if (seconds() > end)
			errx(1, "%s doesn't wait", kinds[index]->name);
		pause_briefly();
	}
}

static void let_go(struct slot *slot, const char *name)
{
	slot->may_go = 1;
	/* FUTEX_WAKE */
	(void)syscall(SYS_futex, &slot->may_go, 1, 100, NULL, NULL, 0);
	if (strcmp(name, "sigsuspend") == 0 || strcmp(name, "pause") == 0)
		(void)kill(slot->pid, SIGUSR1);
	if (strcmp(name, "stopped") == 0) {
		if (state_of(slot->pid) != 'T')
			slot->problem = EPROTO;
		(void)kill(slot->pid, SIGCONT);
	}
}

static int await_end(pid_t pid)
{
	double end = seconds() + PATIENCE;
	int status = 0;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (seconds() > end)
			(void)kill(pid, SIGKILL);
		pause_briefly();
	}
	return status;
}

static void tell(int index, int is_plain)
{
	const struct slot *slot = &slots[index];
	int status = await_end(slot->pid);
	printf("%s ", kinds[index]->name);
	if (!slot->is_done || status != 0)
		printf("ended with status %#x\n", (unsigned int)status);
	else if (slot->problem != 0)
		printf("errno %d\n", slot->problem);
	else if (slot->is_filtered == is_plain)
		printf("%s\n", is_plain ? "is filtered" : "is not filtered");
	else
		printf("ok\n");
}

int main(int argc, char **argv)
{
	char line[64] = "";
	if (argc < 2)
		errx(1, "waits GROUP [NAME…]");
	setlinebuf(stdout);
	add(wait_calls, argv + 2);
	add(wait_files, argv + 2);
	add(wait_processes, argv + 2);
	add(wait_oddities, argv + 2);
	slots = mmap(NULL, KINDS * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int index = 0; index < count; index++)
		start(argv[1], index);
	for (int index = 0; index < count; index++)
		await_waiting(index);
	printf("ready %d\n", count);
	/* Without a line the test has ended before. */
	(void)!fgets(line, sizeof line, stdin);
	for (int index = 0; index < count; index++)
		let_go(&slots[index], kinds[index]->name);
	for (int index = 0; index < count; index++)
		tell(index, strcmp(line, "plain\n") == 0);
	return 0;
}
