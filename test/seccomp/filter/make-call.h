/* A filter as try-filter.ts writes it, its installation, and calls with all registers given. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sock_filter instructions[BPF_MAXINSNS + 1];
static struct sock_fprog program = { .filter = instructions };

#ifdef __x86_64__
/* Where a call's instruction ends: what a filter sees as seccomp_data.instruction_pointer. */
extern const char after_native[], after_int80[];
#endif

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
}

static int install(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die("no_new_privs");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

/* glibc's syscall() turns results into errno, in memory that differs by ABI: these leave the kernel's own answer. */
/* noinline: the names of their ends may be there but once. */
static __attribute__((noinline, noclone)) long native(unsigned long nr, const unsigned long a[6])
{
#if defined(__x86_64__)
	register unsigned long r10 __asm__("r10") = a[3];
	register unsigned long r8 __asm__("r8") = a[4];
	register unsigned long r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall\nafter_native:"
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

static __attribute__((noinline, noclone)) long int80(unsigned long nr, const unsigned long a[6])
{
#if defined(__x86_64__)
	long ret;

	/* The sixth argument goes into the frame pointer, which must be back before the compiler needs it. */
	__asm__ volatile("mov %%rbp, %%r12\n\tmov %[last], %%rbp\n\tint $0x80\nafter_int80:\n\tmov %%r12, %%rbp"
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

struct call {
	long (*make)(unsigned long nr, const unsigned long args[6]);
	unsigned long nr, args[6];
};

static struct call read_call(const char *line)
{
	struct call one;
	unsigned long *a = one.args;
	char abi[16];

	if (sscanf(line, "call %15s %lx %lx %lx %lx %lx %lx %lx", abi, &one.nr, &a[0], &a[1], &a[2], &a[3], &a[4],
		   &a[5]) != 8)
		die(line);
	one.make = strcmp(abi, "int80") == 0 ? int80 : native;
	return one;
}
