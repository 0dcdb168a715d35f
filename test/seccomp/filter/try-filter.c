/*
 * Shows what the kernel makes of seccomp filters. Reads lines:
 *
 *   filter HEX                     the filter for what follows (struct sock_filter[], as it lies in memory); before the
 *                                     first, calls meet no other filters than those that this program was started with
 *   check                          -> "taken", or "refused ERRNO"
 *   call ABI NR A0 A1 A2 A3 A4 A5  -> "returned VALUE" or "signal NUMBER"; what it reads is hex, what it writes is
 *                                     decimal; ABI is "native", "int80" (32-bit calls of x86 processors) or "inject"
 *                                     (int80 for a call that maps memory, then code that returns 42 is put and run there)
 *   memory HEX                     puts bytes where pointers of 32 bits reach them, at 0x20000000
 *   file                           opens an empty file in memory as descriptor 100
 *
 * Each command runs in a child of its own, which can't count on any system call once the filter is in place: it leaves
 * its result in shared memory and ends by an illegal instruction.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "make-call.h"

static int given; /* whether there is a filter to install */

/* Shared with the child. */
static struct {
	int refused; /* errno of the installation */
	long value;
} *result;

static long inject(unsigned long nr, const unsigned long a[6])
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */
	long ret = int80(nr, a);
	void *mapped = (void *)((unsigned long)ret & 0xffffffff);

	if (ret < 0 && ret > -4096)
		return ret;
	memcpy(mapped, code, sizeof(code));
	return ((int (*)(void))mapped)();
}

/* Installs the filter in a child and makes a call there, or none; returns how the child ended. */
static int in_child(const struct call *one)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (child == 0) {
		result->refused = given ? install() : 0;
		if (result->refused == 0 && one != NULL)
			result->value = one->make(one->nr, one->args);
		__builtin_trap();
	}
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	return WTERMSIG(status);
}

static void fill_memory(const char *hex)
{
	unsigned char *to = mmap((void *)0x20000000, 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (to == MAP_FAILED || strcspn(hex, "\n") > 2 * 4096)
		die("memory");
	for (size_t i = 0; i < strcspn(hex, "\n") / 2; i++)
		to[i] = digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]);
}

static void open_file(void)
{
	int fd = (int)syscall(SYS_memfd_create, "try-filter", 0);

	if (fd < 0 || dup2(fd, 100) < 0 || close(fd) != 0)
		die("file");
}

static void check(void)
{
	in_child(NULL);
	if (result->refused == 0)
		puts("taken");
	else
		printf("refused %d\n", result->refused);
}

static void call(const char *line)
{
	struct call one = read_call(line);
	int end;

	if (strncmp(line, "call inject ", 12) == 0)
		one.make = inject;
	end = in_child(&one);
	if (result->refused != 0)
		printf("refused %d\n", result->refused);
	else if (end == SIGILL || end == SIGTRAP) /* our own end, by processor */
		printf("returned %ld\n", result->value);
	else
		printf("signal %d\n", end);
}

int main(void)
{
	static char line[16 * sizeof(instructions)];
	const struct rlimit none = { 0, 0 };

	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED || setrlimit(RLIMIT_CORE, &none) != 0)
		die("start");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strncmp(line, "filter ", 7) == 0) {
			read_filter(line + 7);
			given = 1;
		} else if (strncmp(line, "check", 5) == 0) {
			check();
		} else if (strncmp(line, "memory ", 7) == 0) {
			fill_memory(line + 7);
		} else if (strncmp(line, "file", 4) == 0) {
			open_file();
		} else {
			call(line);
		}
		fflush(stdout);
	}
	return 0;
}
