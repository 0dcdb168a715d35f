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
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sock_filter instructions[BPF_MAXINSNS + 1];
static struct sock_fprog program = { .filter = instructions };
static int given; /* whether there is a filter to install */

/* Shared with the child. */
static struct {
	int refused; /* errno of the installation */
	long value;
} *result;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void read_filter(const char *hex)
{
	size_t bytes = strcspn(hex, "\n") / 2;
	unsigned char *to = (unsigned char *)instructions;

	if (bytes > sizeof(instructions) || bytes % sizeof(*instructions) != 0) {
		fprintf(stderr, "a filter of %zu bytes\n", bytes);
		exit(1);
	}
	for (size_t i = 0; i < bytes; i++)
		to[i] = digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]);
	program.len = bytes / sizeof(*instructions);
	given = 1;
}

static int install(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die("no_new_privs");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

/* glibc's syscall() turns results into errno, in memory that differs by ABI: these leave the kernel's own answer. */
static long native(unsigned long nr, const unsigned long a[6])
{
#if defined(__x86_64__)
	register unsigned long r10 __asm__("r10") = a[3];
	register unsigned long r8 __asm__("r8") = a[4];
	register unsigned long r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register unsigned long x8 __asm__("x8") = nr;
	register unsigned long x0 __asm__("x0") = a[0];
	register unsigned long x1 __asm__("x1") = a[1];
	register unsigned long x2 __asm__("x2") = a[2];
	register unsigned long x3 __asm__("x3") = a[3];
	register unsigned long x4 __asm__("x4") = a[4];
	register unsigned long x5 __asm__("x5") = a[5];

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return (long)x0;
#elif defined(__riscv)
	register unsigned long a7 __asm__("a7") = nr;
	register unsigned long a0 __asm__("a0") = a[0];
	register unsigned long a1 __asm__("a1") = a[1];
	register unsigned long a2 __asm__("a2") = a[2];
	register unsigned long a3 __asm__("a3") = a[3];
	register unsigned long a4 __asm__("a4") = a[4];
	register unsigned long a5 __asm__("a5") = a[5];

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return (long)a0;
#else
#error "no system call for this machine"
#endif
}

static long int80(unsigned long nr, const unsigned long a[6])
{
#if defined(__x86_64__)
	long ret;

	/* The sixth argument goes into the frame pointer, which must be back before the compiler needs it. */
	__asm__ volatile("mov %%rbp, %%r12\n\tmov %[last], %%rbp\n\tint $0x80\n\tmov %%r12, %%rbp"
			 : "=a"(ret)
			 : "a"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]), [last] "r"(a[5])
			 : "r8", "r9", "r10", "r11", "r12", "memory");
	return (int)ret;
#else
	(void)nr;
	(void)a;
	return -ENOSYS;
#endif
}

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
static int in_child(long (*make)(unsigned long, const unsigned long[6]), unsigned long nr, const unsigned long args[6])
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (child == 0) {
		result->refused = given ? install() : 0;
		if (result->refused == 0 && make != NULL)
			result->value = make(nr, args);
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
	in_child(NULL, 0, NULL);
	if (result->refused == 0)
		puts("taken");
	else
		printf("refused %d\n", result->refused);
}

static void call(const char *line)
{
	char abi[16];
	unsigned long nr, a[6];
	int end;

	if (sscanf(line, "call %15s %lx %lx %lx %lx %lx %lx %lx", abi, &nr, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]) != 8)
		die(line);
	end = in_child(strcmp(abi, "int80") == 0 ? int80 : strcmp(abi, "inject") == 0 ? inject : native, nr, a);
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
		if (strncmp(line, "filter ", 7) == 0)
			read_filter(line + 7);
		else if (strncmp(line, "check", 5) == 0)
			check();
		else if (strncmp(line, "memory ", 7) == 0)
			fill_memory(line + 7);
		else if (strncmp(line, "file", 4) == 0)
			open_file();
		else
			call(line);
		fflush(stdout);
	}
	return 0;
}
