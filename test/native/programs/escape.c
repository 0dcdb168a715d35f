/*
 * Tries every way that is known to start a program, and prints one line for each:
 *
 *	TECHNIQUE: refused (ERRNO) | killed (SIGNAL) | SUCCEEDED
 *
 * Exit status 0 if none succeeded, 1 if one did, 2 if it could not try. With arguments, only the named techniques.
 * Linked statically, so that the copy which an attempt would start makes the same calls as this program itself.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit statuses of an attempt: the program was started, or the attempt came back. */
enum { REACHED = 77, CAME_BACK = 10 };

enum { WINDOWS_MAX = 1000000, RANDOM_TRIES = 20000, RACE_TRIES = 500, RACERS = 4 };

/* Memory that i386 calls can name, too: below 4 GiB. `error` is shared with the attempt's process. */
struct common {
	int error;
	uint32_t argv32[3];
	uint32_t envp32[1];
	char *argv[3];
	char *envp[1];
	char self[4096];
	char name[8];
	char option[16];
};
static struct common *common;

/* Notes why an attempt failed; called with the errno of the last call. */
static void refused(void)
{
	common->error = errno;
}

static void try_execve(void)
{
	syscall(SYS_execve, common->self, common->argv, common->envp, 0L, 0L, 0L);
	refused();
}

static void try_with_key(const uint64_t key[3])
{
	syscall(SYS_execve, common->self, common->argv, common->envp, key[0], key[1], key[2]);
	refused();
}

static void try_execv(void)
{
	execv(common->self, common->argv);
	refused();
}

static void try_execveat(void)
{
	syscall(SYS_execveat, AT_FDCWD, common->self, common->argv, common->envp, 0);
	refused();
}

static void try_execveat_descriptor(void)
{
	int fd = open(common->self, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		syscall(SYS_execveat, fd, "", common->argv, common->envp, AT_EMPTY_PATH);
	refused();
}

/* A copy of this program in memory only. */
static int memory_copy(void)
{
	char buffer[65536];
	ssize_t size;
	int from = open(common->self, O_RDONLY | O_CLOEXEC);
	int to = memfd_create("escape", MFD_CLOEXEC);
	if (from < 0 || to < 0)
		return -1;
	while ((size = read(from, buffer, sizeof buffer)) > 0)
		if (write(to, buffer, (size_t)size) != size)
			return -1;
	return to;
}

static void try_fexecve_memfd(void)
{
	int fd = memory_copy();
	if (fd >= 0)
		fexecve(fd, common->argv, common->envp);
	refused();
}

static void try_descriptor_path(void)
{
	char path[64];
	int fd = memory_copy();
	if (fd >= 0) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		execve(path, common->argv, common->envp);
	}
	refused();
}

static void try_script(void)
{
	char path[64];
	int fd = memfd_create("script", 0);
	if (fd >= 0 && dprintf(fd, "#!%s --reached\n", common->self) > 0) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		execve(path, common->argv, common->envp);
	}
	refused();
}

/* Ends the attempt as the process ended that it started. */
static void end_like(int status)
{
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == REACHED)
		_exit(REACHED);
}

static void wait_and_end_like(pid_t pid)
{
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	end_like(status);
}

static void try_posix_spawn(void)
{
	pid_t pid;
	int error = posix_spawn(&pid, common->self, NULL, NULL, common->argv, common->envp);
	if (error == 0)
		wait_and_end_like(pid);
	common->error = error ? error : EPROTO;
}

static void try_vfork(void)
{
	pid_t pid = vfork();
	if (pid == 0) {
		syscall(SYS_execve, common->self, common->argv, common->envp, 0L, 0L, 0L);
		common->error = errno;
		_exit(CAME_BACK);
	}
	if (pid < 0)
		refused();
	else
		wait_and_end_like(pid);
}

static void try_system(void)
{
	errno = 0;
	int status = system("exit 77");
	int error = errno;
	if (status != -1)
		end_like(status);
	common->error = error ? error : EPROTO;
}

static void *thread_main(void *argument)
{
	int tries = *(int *)argument;
	while (tries-- > 0)
		try_execve();
	return NULL;
}

static void try_thread(void)
{
	int once = 1;
	pthread_t thread;
	errno = pthread_create(&thread, NULL, thread_main, &once);
	if (errno != 0)
		refused();
	else
		pthread_join(thread, NULL);
}

static void try_thread_race(void)
{
	int tries = RACE_TRIES;
	pthread_t threads[RACERS];
	int started = 0;
	while (started < RACERS && pthread_create(&threads[started], NULL, thread_main, &tries) == 0)
		started++;
	thread_main(&tries);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}

static void try_key_zeros(void)
{
	try_with_key((uint64_t[3]){0, 0, 0});
}

static void try_key_ones(void)
{
	try_with_key((uint64_t[3]){UINT64_MAX, UINT64_MAX, UINT64_MAX});
}

static void try_key_random(void)
{
	uint64_t state = (uint64_t)getpid() * 0x9e3779b97f4a7c15U + 1;
	for (int i = 0; i < RANDOM_TRIES; i++) {
		uint64_t key[3];
		for (int word = 0; word < 3; word++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			key[word] = state;
		}
		try_with_key(key);
	}
}

/* Tries every window of 24 bytes; returns how many. Windows of zeros are one attempt of their own. */
static long try_windows(const char *bytes, size_t size, size_t step, long most)
{
	long tried = 0;
	for (size_t at = 0; at + 24 <= size && tried < most; at += step) {
		uint64_t key[3];
		memcpy(key, bytes + at, sizeof key);
		if ((key[0] | key[1] | key[2]) == 0)
			continue;
		try_with_key(key);
		tried++;
	}
	return tried;
}

/* The key anywhere in this process's own memory: the stack byte by byte, the rest by words. */
static void try_key_memory(void)
{
	static char bytes[1 << 20];
	char line[512];
	long left = WINDOWS_MAX;
	FILE *maps = fopen("/proc/self/maps", "re");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (maps == NULL || memory < 0) {
		refused();
		return;
	}
	try_key_zeros();
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long start, end;
		char rights[5];
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3 || rights[0] != 'r')
			continue;
		size_t step = strstr(line, "[stack]") ? 1 : 8;
		for (; start < end && left > 0; start += sizeof bytes) {
			size_t size = end - start < sizeof bytes ? end - start : sizeof bytes;
			ssize_t got = pread(memory, bytes, size, (off_t)start);
			if (got > 0)
				left -= try_windows(bytes, (size_t)got, step, left);
		}
	}
}

/* The key in what /proc tells about this process: numbers in text, and bytes. */
static void try_key_proc(void)
{
	static const char *const files[] = {"syscall", "stat",   "auxv", "environ", "cmdline",
					    "status",  "timers", "wchan", "stack",   "personality"};
	try_key_zeros();
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[64], bytes[8192];
		snprintf(path, sizeof path, "/proc/self/%s", files[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t size = fd < 0 ? 0 : read(fd, bytes, sizeof bytes - 1);
		if (size <= 0)
			continue;
		try_windows(bytes, (size_t)size, 1, WINDOWS_MAX);
		bytes[size] = '\0';
		uint64_t numbers[3] = {0};
		for (char *at = bytes, *end; *at != '\0'; at = end > at ? end : at + 1) {
			uint64_t number = strtoull(at, &end, 0);
			if (end == at)
				continue;
			memmove(numbers, numbers + 1, 2 * sizeof numbers[0]);
			numbers[2] = number;
			try_with_key(numbers);
		}
		close(fd);
	}
}

static void try_seccomp_off(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED, NULL, 0, 0);
	try_execve();
}

/* A filter that allows all, on top: the strictest filter decides, so that it must change nothing. */
static void try_filter_on_top(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
	try_execve();
}

static void try_user_namespace(void)
{
	unshare(CLONE_NEWUSER);
	try_execve();
}

typedef struct user_regs_struct registers;

#ifdef __x86_64__
#define SYSCALL_SIZE 2
static void put_call(registers *r, unsigned long nr, const void *a, const void *b, const void *c)
{
	r->orig_rax = r->rax = nr;
	r->rdi = (unsigned long)a;
	r->rsi = (unsigned long)b;
	r->rdx = (unsigned long)c;
	r->r10 = r->r8 = r->r9 = 0;
}
#define PROGRAM_COUNTER(r) (r).rip
#else
#define SYSCALL_SIZE 4
static void put_call(registers *r, unsigned long nr, const void *a, const void *b, const void *c)
{
	r->regs[8] = nr;
	r->regs[0] = (unsigned long)a;
	r->regs[1] = (unsigned long)b;
	r->regs[2] = (unsigned long)c;
	r->regs[3] = r->regs[4] = r->regs[5] = 0;
}
#define PROGRAM_COUNTER(r) (r).pc
#endif

/* A traced child that stops itself, comes back with its errno from the stop, and ends. -1 if it can't be traced. */
static pid_t traced_child(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
			refused();
			_exit(CAME_BACK);
		}
		errno = 0;
		syscall(SYS_kill, getpid(), SIGSTOP);
		refused();
		syscall(SYS_getppid);
		refused();
		_exit(CAME_BACK);
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		refused();
		return -1;
	}
	if (!WIFSTOPPED(status)) {
		end_like(status);
		return -1;
	}
	return pid;
}

/* Lets a traced process run to its end. A stop for a new program would be passed over like any other. */
static void run_to_end(pid_t pid)
{
	int status = 0;
	while (ptrace(PTRACE_CONT, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		;
	end_like(status);
}

/* Where a call stands at its entry, the tracer makes another of it, after which the filter must look again. */
static void try_ptrace_rewrite(void)
{
	pid_t pid = traced_child();
	int status;
	struct __ptrace_syscall_info info = {0};
	registers r;
	struct iovec io = {&r, sizeof r};
	if (pid < 0)
		return;
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD);
	do {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return;
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY);
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
	put_call(&r, SYS_execve, common->self, common->argv, common->envp);
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
#ifdef __aarch64__
	int nr = SYS_execve;
	struct iovec nr_io = {&nr, sizeof nr};
	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &nr_io);
#endif
	run_to_end(pid);
}

/* The tracer sets the child back to its syscall instruction, with the registers of an execve. */
static void try_ptrace_inject(void)
{
	pid_t pid = traced_child();
	registers r;
	struct iovec io = {&r, sizeof r};
	if (pid < 0)
		return;
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io);
	put_call(&r, SYS_execve, common->self, common->argv, common->envp);
#ifdef __x86_64__
	r.orig_rax = (unsigned long)-1;
#endif
	PROGRAM_COUNTER(r) -= SYSCALL_SIZE;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
	run_to_end(pid);
}

/* Reads the filter back from the kernel, and takes the key from it. */
static void try_read_filter(void)
{
	static struct sock_filter program[BPF_MAXINSNS];
	pid_t pid = traced_child();
	if (pid < 0)
		return;
	for (unsigned long index = 0;; index++) {
		long length = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)index, program);
		if (length < 0)
			break;
		if (length < 17)
			continue;
		uint64_t key[3];
		for (int word = 0; word < 3; word++)
			key[word] = program[5 + 4 * word].k | (uint64_t)program[7 + 4 * word].k << 32;
		try_with_key(key);
	}
	int error = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = error;
	refused();
}

#ifdef __x86_64__
static void refused_with(long result)
{
	common->error = result < 0 ? (int)-result : EPROTO;
}

static long call_i386(long nr, long a, long b, long c, long d, long e)
{
	long result;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)result;
}

static long call_x86_64(unsigned long nr, const void *a, const void *b, const void *c, long d, long e)
{
	long result = (long)nr;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "r9", "memory");
	return result;
}

static void try_i386_execve(void)
{
	refused_with(call_i386(11, (long)common->self, (long)common->argv32, (long)common->envp32, 0, 0));
}

static void try_i386_execveat(void)
{
	refused_with(call_i386(358, AT_FDCWD, (long)common->self, (long)common->argv32, (long)common->envp32, 0));
}

#define X32_BIT 0x40000000U

static void try_x32_execve(void)
{
	refused_with(call_x86_64(X32_BIT | 520, common->self, common->argv32, common->envp32, 0, 0));
}

static void try_x32_execve_native_number(void)
{
	refused_with(call_x86_64(X32_BIT | 59, common->self, common->argv, common->envp, 0, 0));
}

static void try_x32_execveat(void)
{
	refused_with(call_x86_64(X32_BIT | 545, (void *)(long)AT_FDCWD, common->self, common->argv32,
				 (long)common->envp32, 0));
}

/* Bits above the number's 32, which a filter doesn't see. */
static void try_number_high_bits(void)
{
	refused_with(call_x86_64(1UL << 32 | 59, common->self, common->argv, common->envp, 0, 0));
}
#endif

static const struct technique {
	const char *name;
	void (*attempt)(void);
} techniques[] = {
	{"execve", try_execve},
	{"execv", try_execv},
	{"execveat", try_execveat},
	{"execveat-descriptor", try_execveat_descriptor},
	{"fexecve-memfd", try_fexecve_memfd},
	{"execve-descriptor-path", try_descriptor_path},
	{"execve-script", try_script},
	{"posix-spawn", try_posix_spawn},
	{"vfork", try_vfork},
	{"system", try_system},
	{"thread", try_thread},
	{"thread-race", try_thread_race},
	{"key-zeros", try_key_zeros},
	{"key-ones", try_key_ones},
	{"key-random", try_key_random},
	{"key-memory", try_key_memory},
	{"key-proc", try_key_proc},
	{"seccomp-off", try_seccomp_off},
	{"filter-on-top", try_filter_on_top},
	{"user-namespace", try_user_namespace},
	{"ptrace-rewrite", try_ptrace_rewrite},
	{"ptrace-inject", try_ptrace_inject},
	{"read-filter", try_read_filter},
#ifdef __x86_64__
	{"i386-execve", try_i386_execve},
	{"i386-execveat", try_i386_execveat},
	{"x32-execve", try_x32_execve},
	{"x32-execve-native-number", try_x32_execve_native_number},
	{"x32-execveat", try_x32_execveat},
	{"number-high-bits", try_number_high_bits},
#endif
};

static int prepare(void)
{
	int flags = MAP_SHARED | MAP_ANONYMOUS;
#ifdef MAP_32BIT
	flags |= MAP_32BIT;
#endif
	common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (common == MAP_FAILED)
		return -1;
	ssize_t size = readlink("/proc/self/exe", common->self, sizeof common->self - 1);
	if (size <= 0)
		return -1;
	strcpy(common->name, "escape");
	strcpy(common->option, "--reached");
	common->argv[0] = common->name;
	common->argv[1] = common->option;
	common->argv32[0] = (uint32_t)(uintptr_t)common->name;
	common->argv32[1] = (uint32_t)(uintptr_t)common->option;
	return 0;
}

/* Runs one technique in a process of its own. Returns whether it succeeded: anything that isn't a clear failure did. */
static int run(const struct technique *technique)
{
	int status = 0;
	common->error = 0;
	pid_t pid = fork();
	if (pid == 0) {
		technique->attempt();
		_exit(CAME_BACK);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		printf("%s: can't try (%s)\n", technique->name, strerrorname_np(errno));
		exit(2);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == CAME_BACK && common->error != 0) {
		const char *name = strerrorname_np(common->error);
		printf("%s: refused (%s)\n", technique->name, name ? name : "?");
		return 0;
	}
	if (WIFSIGNALED(status)) {
		printf("%s: killed (SIG%s)\n", technique->name, sigabbrev_np(WTERMSIG(status)));
		return 0;
	}
	printf("%s: SUCCEEDED\n", technique->name);
	return 1;
}

static int is_wanted(const char *name, char *const *wanted)
{
	if (*wanted == NULL)
		return 1;
	for (; *wanted != NULL; wanted++)
		if (strcmp(*wanted, name) == 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "--reached") == 0)
		_exit(REACHED);
	if (prepare() != 0) {
		perror("escape");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	int succeeded = 0;
	for (size_t i = 0; i < sizeof techniques / sizeof techniques[0]; i++)
		if (is_wanted(techniques[i].name, argv + 1))
			succeeded |= run(&techniques[i]);
	return succeeded;
}
