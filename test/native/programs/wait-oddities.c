/* Processes whose registers, stacks, users or machine code are unusual. */
#define _GNU_SOURCE
#include "process.h"
#include "waits.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Its child is in a user namespace and a PID namespace of its own. */
static int enter_namespaces(struct slot *slot)
{
	int status = 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
		return errno;
	pid_t pid = fork_helper(slot);
	if (pid == 0)
		_exit(is_filtered());
	(void)WAIT(slot, waitpid(pid, &status, 0));
	return WEXITSTATUS(status) == is_filtered() ? 0 : EPROTO;
}

static int be_nobody(struct slot *slot)
{
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return errno;
	return wait_to_go(slot);
}

#define STACK 65536

/* Waits with a stack pointer below which data lies, as a stack of Go's can have it. */
static int keep_low_stack(struct slot *slot)
{
	static const struct timespec duration = {.tv_sec = SECONDS};
	uint8_t *memory = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)memset(memory, 0x5a, STACK / 2);
	slot->is_ready = 1;
#ifdef __x86_64__
	long result = SYS_nanosleep;
	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %[stack], %%rsp\n\t"
			 "syscall\n\t"
			 "movq %%rbx, %%rsp"
			 : "+a"(result)
			 : "D"(&duration), "S"(NULL), [stack] "r"(memory + STACK / 2)
			 : "rbx", "rcx", "r11", "memory");
#else
	register long result __asm__("x0") = (long)&duration;
	register long rest __asm__("x1") = 0;
	register long number __asm__("x8") = SYS_nanosleep;
	__asm__ volatile("mov x9, sp\n\t"
			 "mov sp, %[stack]\n\t"
			 "svc #0\n\t"
			 "mov sp, x9"
			 : "+r"(result), "+r"(number)
			 : "r"(rest), [stack] "r"(memory + STACK / 2)
			 : "x9", "memory");
#endif
	for (int i = 0; i < STACK / 2; i++)
		if (memory[i] != 0x5a)
			return EPROTO;
	return (int)-result;
}

/*
 * Runs one critical section (rseq(2)) after the other. The kernel clears the section's name for a thread that was
 * outside of it, and then wouldn't abort it: a section that ends without its name is lost.
 */
static int run_sections(struct slot *slot)
{
	struct rseq *area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	static struct rseq_cs section __attribute__((aligned(32)));
	uint64_t is_lost = 0;
	if (__rseq_size == 0)
		return ENOSYS;
	slot->is_ready = 1;
	while (!slot->may_go && is_lost == 0) {
		uint64_t rounds = 100000;
#ifdef __x86_64__
		__asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
				 "movq %%rax, 8(%[section])\n\t"
				 "leaq 2f(%%rip), %%rcx\n\t"
				 "subq %%rax, %%rcx\n\t"
				 "movq %%rcx, 16(%[section])\n\t"
				 "leaq 3f(%%rip), %%rax\n\t"
				 "movq %%rax, 24(%[section])\n\t"
				 "movq %[section], 8(%[area])\n"
				 "1:\n\t"
				 "decq %[rounds]\n\t"
				 "jnz 1b\n\t"
				 "cmpq $0, 8(%[area])\n\t"
				 "sete %b[lost]\n"
				 "2:\n\t"
				 "jmp 4f\n\t"
				 ".long 0x53053053\n"
				 "3:\n\t"
				 "movq $0, %[lost]\n"
				 "4:"
				 : [rounds] "+r"(rounds), [lost] "+r"(is_lost)
				 : [section] "r"(&section), [area] "r"(area)
				 : "rax", "rcx", "memory", "cc");
#else
		__asm__ volatile("adr x9, 1f\n\t"
				 "adr x10, 2f\n\t"
				 "sub x10, x10, x9\n\t"
				 "adr x11, 3f\n\t"
				 "str x9, [%[section], #8]\n\t"
				 "stp x10, x11, [%[section], #16]\n\t"
				 "str %[section], [%[area], #8]\n"
				 "1:\n\t"
				 "subs %[rounds], %[rounds], #1\n\t"
				 "b.ne 1b\n\t"
				 "ldr x9, [%[area], #8]\n\t"
				 "cmp x9, #0\n\t"
				 "cset %[lost], eq\n"
				 "2:\n\t"
				 "b 4f\n\t"
				 ".inst 0xd428bc00\n"
				 "3:\n\t"
				 "mov %[lost], #0\n"
				 "4:"
				 : [rounds] "+r"(rounds), [lost] "+r"(is_lost)
				 : [section] "r"(&section), [area] "r"(area)
				 : "x9", "x10", "x11", "memory", "cc");
#endif
	}
	return is_lost == 0 ? 0 : EPROTO;
}

/* Makes no call, and has the instruction for one elsewhere than where its auxiliary vector says. */
static int move_vdso(struct slot *slot)
{
	unsigned long from = 0, to = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps != NULL && fgets(line, sizeof line, maps) != NULL && strstr(line, " [vdso]\n") == NULL)
		;
	if (maps == NULL || sscanf(line, "%lx-%lx", &from, &to) != 2)
		return ENOENT;
	(void)fclose(maps);
	void *place = mmap(NULL, to - from, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mremap((void *)from, to - from, to - from, MREMAP_MAYMOVE | MREMAP_FIXED, place) == MAP_FAILED)
		return errno;
	slot->is_ready = 1;
	while (!slot->may_go)
		;
	return 0;
}

/* A page that a thread waits in the code of, and the descriptor by which others learn that it is missed. */
static struct {
	uint8_t *page;
	uint8_t bytes[4096] __attribute__((aligned(4096)));
	int faults;
	struct slot *slot;
} code = {
#ifdef __x86_64__
	/* xor %r10,%r10; mov $202,%eax (futex); syscall; ret */
	.bytes = {0x4d, 0x31, 0xd2, 0xb8, 202, 0, 0, 0, 0x0f, 0x05, 0xc3},
#else
	/* mov x3, #0; mov x8, #98 (futex); svc #0; ret */
	.bytes = {0x03, 0x00, 0x80, 0xd2, 0x48, 0x0c, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4, 0xc0, 0x03, 0x5f, 0xd6},
#endif
};

/* Takes the page away while its code waits, and brings it back when it is missed. */
static void *serve_code(void *argument)
{
	struct uffd_msg message;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)code.page, .src = (uintptr_t)code.bytes, .len = sizeof code.bytes};
	while (state_of(getpid()) != 'S')
		pause_briefly();
	(void)madvise(code.page, sizeof code.bytes, MADV_DONTNEED);
	code.slot->is_ready = 1;
	if (read(code.faults, &message, sizeof message) == sizeof message)
		(void)ioctl(code.faults, UFFDIO_COPY, &copy);
	return argument;
}

static int miss_code(struct slot *slot)
{
	pthread_t thread;
	struct uffdio_api api = {.api = UFFD_API};
	code.slot = slot;
	code.faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	/* Not every kernel has it. */
	if (code.faults < 0 && errno == ENOSYS)
		return wait_to_go(slot);
	code.page = mmap(NULL, sizeof code.bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)memcpy(code.page, code.bytes, sizeof code.bytes);
	__builtin___clear_cache((char *)code.page, (char *)code.page + sizeof code.bytes);
	struct uffdio_register range = {.range = {(uintptr_t)code.page, sizeof code.bytes},
					.mode = UFFDIO_REGISTER_MODE_MISSING};
	if (ioctl(code.faults, UFFDIO_API, &api) < 0 || ioctl(code.faults, UFFDIO_REGISTER, &range) < 0)
		return errno;
	if (pthread_create(&thread, NULL, serve_code, NULL) != 0)
		return EAGAIN;
	long (*wait)(volatile int *word, int operation, int value) = (void *)code.page;
	int problem = (int)-wait(&slot->may_go, FUTEX_WAIT, 0);
	return problem == EAGAIN && slot->may_go ? 0 : problem;
}

#ifdef __x86_64__

/* wait32, beside this program, reads until the process may go. */
static int run_32_bits(struct slot *slot)
{
	int ends[2], status = 0;
	char path[4096];
	long length = readlink("/proc/self/exe", path, sizeof path - 3);
	if (length < 0 || pipe(ends) < 0)
		return errno;
	(void)strcpy(path + length, "32");
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(ends[0], 0);
		(void)close(ends[1]);
		execl(path, path, NULL);
		_exit(127);
	}
	(void)close(ends[0]);
	(void)wait_to_go(slot);
	(void)close(ends[1]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return EPROTO;
	/* The errno of its getppid, which is the filter's. */
	return WEXITSTATUS(status) == (is_filtered() ? 77 : 0) ? 0 : ERANGE;
}

#endif

const struct kind wait_oddities[] = {
	{"namespaces", enter_namespaces, 0},
	{"nobody", be_nobody, 1},
	{"low-stack", keep_low_stack, 0},
	{"restartable-sequence", run_sections, 1},
	{"moved-vdso", move_vdso, 1},
	{"missing-code", miss_code, 1},
#ifdef __x86_64__
	{"32-bit", run_32_bits, 1},
#endif
	{NULL, NULL, 0},
};
