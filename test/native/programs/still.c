/* Ends with status 7 by the one call exit_group: the least that a program can do. Built without a C library. */
#ifdef WRITABLE_CODE
__asm__(".pushsection .writable, \"awx\"\n"
	".byte 0\n"
	".popsection");
#endif
#ifdef __x86_64__
__asm__(".globl _start\n"
	"_start:\n"
	"	movl $231, %eax\n"
	"	movl $7, %edi\n"
	"	syscall\n"
	"	ud2\n");
#else
__asm__(".globl _start\n"
	"_start:\n"
	"	mov x8, #94\n"
	"	mov x0, #7\n"
	"	svc #0\n"
	"	brk #1\n");
#endif
