/*
 * A library (LD_PRELOAD) whose constructor attacks the tracer of stage 'entry', as $HOSTILE says. What it says itself
 * begins with "hostile: ".
 *
 *	clone clone3               starts a process that no tracer sees (CLONE_UNTRACED)
 *	clone-x32 clone-i386       the same by another ABI
 *	filter                     loads a filter that answers the loading of others with success
 *	filter-prctl filter-x32 filter-i386   the same by another call
 *	aio io_uring io_uring-enter aio-x32   has the kernel write to its memory while it runs, or could
 *	overwrite                  takes the breakpoint off the entry point
 *	rseq                       has a handler run in place of the call that loads the policy, which loads its own
 *	dispatch                   has calls at the entry point answered by a signal (PR_SET_SYSCALL_USER_DISPATCH)
 *	create                     creates the file $FILE
 *	write                      opens the file $FILE for writing
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32_BIT 0x40000000L

static void say(const char *what)
{
	char line[128];
	int length = snprintf(line, sizeof line, "hostile: %s: %s\n", what, errno == 0 ? "done" : strerror(errno));
	if (write(1, line, (size_t)length) < 0)
		_exit(1);
}

static long result_of(long result)
{
	errno = result < 0 && result > -4096 ? (int)-result : 0;
	return result;
}

#ifdef __x86_64__
static long call_i386(long nr, long a, long b, long c)
{
	long result;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(0L), "D"(0L)
			 : "r8", "r9", "r10", "r11", "memory");
	return result_of((int)result);
}
#endif

/* The child, if there is one, says so. */
static void started(long result)
{
	if (result == 0) {
		errno = 0;
		say("child");
		_exit(0);
	}
	say("start");
}

/* Its loader calls would be no longer the kernel's. */
static struct sock_fprog *faking_filter(void)
{
	static struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static struct sock_fprog filter = {sizeof program / sizeof program[0], program};
	return &filter;
}

/* The file has what the breakpoint covers. */
static void overwrite_breakpoint(void)
{
	char *entry = (char *)getauxval(AT_ENTRY);
	const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
	uintptr_t base = 0;
	for (size_t i = 0; i < getauxval(AT_PHNUM); i++)
		if (headers[i].p_type == PT_PHDR)
			base = (uintptr_t)headers - headers[i].p_vaddr;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *page = (char *)((uintptr_t)entry & -(uintptr_t)4096);
	if (mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		_exit(1);
	for (size_t i = 0; i < getauxval(AT_PHNUM); i++) {
		uintptr_t offset = (uintptr_t)entry - base - headers[i].p_vaddr;
		if (headers[i].p_type == PT_LOAD && offset < headers[i].p_filesz &&
		    pread(file, entry, 4, (off_t)(headers[i].p_offset + offset)) != 4)
			_exit(1);
	}
	__builtin___clear_cache(entry, entry + 4);
	close(file);
	errno = 0;
	say("overwrite");
}

#ifdef __x86_64__
/*
 * Twice in place of the tracer's call: makes the call, the second time with a program that allows everything. What
 * `write` of the tracer left at its argument is written over.
 */
extern const char in_place[];
extern struct rseq_cs hostile_sequence;
struct rseq_cs hostile_sequence __attribute__((visibility("hidden")));
extern struct rseq *hostile_area;
struct rseq *hostile_area __attribute__((visibility("hidden")));
extern struct sock_filter hostile_program[1];
struct sock_filter hostile_program[1] __attribute__((visibility("hidden"))) = {
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

__asm__(".pushsection .text\n"
	".long 0x53053053\n" /* RSEQ_SIG */
	"in_place:\n"
	"	test %rdx, %rdx\n"
	"	jnz 1f\n"
	"	mov hostile_area(%rip), %rcx\n"
	"	lea hostile_sequence(%rip), %r11\n"
	"	mov %r11, 8(%rcx)\n"
	"	syscall\n"
	"	ud2\n"
	"1:	movw $1, (%rdx)\n"
	"	lea hostile_program(%rip), %rcx\n"
	"	mov %rcx, 8(%rdx)\n"
	"	syscall\n"
	"	ud2\n"
	".popsection");

static void arm_sequence(void)
{
	if (__rseq_size == 0)
		_exit(77);
	uintptr_t text = getauxval(AT_ENTRY) & -(uintptr_t)8;
	hostile_area = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
	hostile_sequence = (struct rseq_cs){.start_ip = text, .post_commit_offset = 1, .abort_ip = (uintptr_t)in_place};
	errno = 0;
	say("rseq");
	hostile_area->rseq_cs = (uintptr_t)&hostile_sequence;
}
#endif

static void attack(const char *what)
{
	static struct clone_args arguments = {.flags = CLONE_UNTRACED, .exit_signal = SIGCHLD};
	static long context, parameters[16];
	const char *file = getenv("FILE");
	if (strcmp(what, "clone") == 0)
		started(syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0));
	else if (strcmp(what, "clone3") == 0)
		started(syscall(SYS_clone3, &arguments, sizeof arguments));
	else if (strcmp(what, "filter") == 0)
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, faking_filter()), say("filter");
	else if (strcmp(what, "filter-prctl") == 0)
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, faking_filter()), say("filter");
	else if (strcmp(what, "aio") == 0)
		syscall(SYS_io_setup, 1, &context), say("aio");
	else if (strcmp(what, "io_uring") == 0)
		syscall(SYS_io_uring_setup, 1, parameters), say("io_uring");
	else if (strcmp(what, "io_uring-enter") == 0)
		syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0), say("io_uring");
	else if (strcmp(what, "overwrite") == 0)
		overwrite_breakpoint();
	else if (strcmp(what, "create") == 0)
		open(file, O_WRONLY | O_CREAT, 0600), say("create");
	else if (strcmp(what, "write") == 0)
		open(file, O_RDWR), say("write");
	else if (strcmp(what, "dispatch") == 0) {
		static char selector = 1; /* SYSCALL_DISPATCH_FILTER_BLOCK; calls outside of the program's text pass */
		uintptr_t text = getauxval(AT_ENTRY) & -(uintptr_t)8;
		prctl(PR_SET_SYSCALL_USER_DISPATCH, 1L, text + 8, -(text + 8) - 1, &selector), say("dispatch");
	}
#ifdef __x86_64__
	else if (strcmp(what, "rseq") == 0)
		arm_sequence();
	else if (strcmp(what, "clone-x32") == 0)
		started(syscall(X32_BIT | SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0));
	else if (strcmp(what, "filter-x32") == 0)
		syscall(X32_BIT | SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, faking_filter()), say("filter");
	else if (strcmp(what, "aio-x32") == 0)
		syscall(X32_BIT | 543, 1, &context), say("aio");
	else if (strcmp(what, "clone-i386") == 0)
		started(call_i386(120, CLONE_UNTRACED | SIGCHLD, 0, 0));
	else if (strcmp(what, "filter-i386") == 0)
		call_i386(354, SECCOMP_SET_MODE_FILTER, 0, 0), say("filter");
#endif
}

__attribute__((constructor)) static void begin(void)
{
	const char *what = getenv("HOSTILE");
	/* What the program starts has a peaceful constructor. */
	unsetenv("HOSTILE");
	if (what != NULL)
		attack(what);
}
