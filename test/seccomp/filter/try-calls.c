/*
 * Makes many calls under a seccomp filter of an x86-64 machine and shows what the filter does with them. None of them
 * takes place. Reads the lines of try-filter.c:
 *
 *   filter HEX                     the filter for what follows
 *   call ABI NR A0 A1 A2 A3 A4 A5  -> "passed" where the filter lets it through, "returned VALUE", or "signal NUMBER"
 *
 * This thread has a second filter from the start, and so have its children: it hands calls from the two places where
 * calls are tried, and only these, to the other thread, which has no filter and answers with a value of its own. What
 * the filter that is tried refuses is stricter (seccomp(2)) and never comes that far. One child makes calls until one of
 * them kills it; the next child goes on behind that.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "make-call.h"

#define MOST 8192

/* No call under a filter returns this: errnos are negative, and what passes gets it from here. */
#define PASSED 0x600d

static struct call calls[MOST];
static int count;

/* Shared with the children. */
static struct {
	int refused;     /* errno of the installation */
	volatile int at; /* the call that is being made */
	long values[MOST];
} *shared;

static int listener;
static sem_t listening;

static void *answer(void *unused)
{
	while (sem_wait(&listening) != 0)
		;
	for (;;) {
		struct seccomp_notif call = { 0 };
		struct seccomp_notif_resp response = { 0 };

		/* A child that is killed meanwhile takes its call with it. */
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
			continue;
		response.id = call.id;
		response.val = PASSED;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return unused;
}

/* Hands calls to the other thread that are made at one of two places, in the same 4 GiB (seccomp_data is little-endian). */
static void hand_over(void)
{
	const unsigned long at = (unsigned long)after_native, other = (unsigned long)after_int80;
	const unsigned int low = offsetof(struct seccomp_data, instruction_pointer);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)(at >> 32), 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)at, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)other, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog all = { .len = sizeof(filter) / sizeof(*filter), .filter = filter };
	pthread_t thread;

	if (at >> 32 != other >> 32 || sem_init(&listening, 0, 0) != 0 || pthread_create(&thread, NULL, answer, NULL) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die("start");
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &all);
	if (listener < 0)
		die("a filter with a listener");
	sem_post(&listening);
}

/* Makes calls from one on in a child, until it is killed or done; returns by which signal it ended. */
static int in_child(int first)
{
	pid_t child;
	int status;

	shared->at = first;
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		shared->refused = install();
		for (int i = first; shared->refused == 0 && i < count; i++) {
			shared->at = i;
			shared->values[i] = calls[i].make(calls[i].nr, calls[i].args);
		}
		shared->at = count;
		__builtin_trap();
	}
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	return WTERMSIG(status);
}

static void show(long value)
{
	if (value == PASSED)
		puts("passed");
	else
		printf("returned %ld\n", value);
}

static void make_all(void)
{
	for (int next = 0; next < count; next = shared->at + 1) {
		const int signal = in_child(next);

		if (shared->refused != 0) {
			errno = shared->refused;
			die("the filter");
		}
		for (int i = next; i < shared->at; i++)
			show(shared->values[i]);
		if (shared->at < count)
			printf("signal %d\n", signal);
	}
	count = 0;
}

int main(void)
{
	static char line[16 * sizeof(instructions)];
	const struct rlimit none = { 0, 0 };

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || setrlimit(RLIMIT_CORE, &none) != 0)
		die("start");
	hand_over();
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strncmp(line, "filter ", 7) == 0) {
			make_all();
			read_filter(line + 7);
		} else if (count == MOST) {
			errno = E2BIG;
			die("calls");
		} else {
			calls[count++] = read_call(line);
		}
	}
	make_all();
	return 0;
}
