/*
 * A 32-bit program without a C library: sleeps, waits for nothing by epoll_wait, and reads standard input to its end. Its
 * exit status is 0, or the errno of getppid; 1 to 3 where a wait went wrong.
 */
static long call(long nr, long a, long b, long c, long d)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return result;
}

static int wait_all(void)
{
	static const long duration[2] = {1, 0};
	static char event[12];
	char byte;
	if (call(162, (long)duration, 0, 0, 0) != 0) /* nanosleep */
		return 1;
	long epoll = call(329, 0, 0, 0, 0); /* epoll_create1 */
	if (epoll < 0 || call(256, epoll, (long)event, 1, 5000) != 0) /* epoll_wait */
		return 2;
	if (call(3, 0, (long)&byte, 1, 0) != 0) /* read */
		return 3;
	long parent = call(64, 0, 0, 0, 0); /* getppid */
	return parent < 0 ? (int)-parent : 0;
}

__attribute__((noreturn, used)) void start(void)
{
	call(252, wait_all(), 0, 0, 0); /* exit_group */
	__builtin_trap();
}

__asm__(".globl _start\n"
	"_start:\n"
	"	andl $-16, %esp\n"
	"	call start\n");
