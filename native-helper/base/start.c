/* The entry point of freestanding programs: from the kernel to launch(), as a C library leads to main(). */
#include "kernel.h"
#include "start.h"

extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);
_Noreturn __attribute__((used)) void start(uintptr_t *stack);

uintptr_t __stack_chk_guard;

_Noreturn void __stack_chk_fail(void)
{
	__builtin_trap();
}

/* The kernel starts a program with the stack pointer at argc; start() gets it, on an aligned stack. */
#ifdef __x86_64__
__asm__(".pushsection .text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	endbr64\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rdi\n"
	"	andq $-16, %rsp\n"
	"	call start\n"
	"	ud2\n"
	".size _start, . - _start\n"
	".popsection");
#else
__asm__(".pushsection .text\n"
	".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	hint #34\n" /* bti c */
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	and x1, x0, #-16\n"
	"	mov sp, x1\n"
	"	bl start\n"
	"	brk #1\n"
	".size _start, . - _start\n"
	".popsection");
#endif

/* On the stack: argc, the arguments, NULL, the environment, NULL, the auxiliary vector (pairs of type and value). */
_Noreturn void start(uintptr_t *stack)
{
	const char **argv = (const char **)(stack + 1);
	const char **envp = argv + stack[0] + 1;
	const char **end = envp;
	while (*end != NULL)
		end++;

	uint32_t euid = UINT32_MAX;
	for (const uintptr_t *aux = (const uintptr_t *)(end + 1); aux[0] != AT_NULL; aux += 2) {
		if (aux[0] == AT_EUID)
			euid = (uint32_t)aux[1];
		/* The lowest byte stays zero, so that a string that runs over can't reproduce the guard. */
		if (aux[0] == AT_RANDOM)
			__stack_chk_guard = *(const uintptr_t *)aux[1] & ~(uintptr_t)0xff;
	}
	launch(argv, envp, euid);
}
