/*
 * A 32-bit program without a C library, so that no 32-bit one is needed to build it: `program32 PROGRAM` tries to start
 * the program by execve and by execveat. Its exit status is the errno of the last attempt.
 */
static int call(int nr, int a, const void *b, const void *c, const void *d, int e)
{
	int result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return result;
}

__attribute__((noreturn, used)) void start(int *stack)
{
	char **argv = (char **)(stack + 1);
	char **envp = argv + stack[0] + 1;
	call(11, (int)argv[1], argv + 1, envp, 0, 0);
	int result = call(358, -100, argv[1], argv + 1, envp, 0);
	call(252, -result, 0, 0, 0, 0);
	__builtin_trap();
}

__asm__(".globl _start\n"
	"_start:\n"
	"	movl %esp, %eax\n"
	"	andl $-16, %esp\n"
	"	subl $12, %esp\n"
	"	pushl %eax\n"
	"	call start\n");
