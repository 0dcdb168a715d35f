/*
 * Calls getppid(2) many times:
 *
 *	many-calls COUNT         and ends
 *	many-calls COUNT wait    and says "done", and ends when its standard input does
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int count = argc > 1 ? atoi(argv[1]) : 0; count > 0; count--)
		syscall(SYS_getppid);
	if (argc > 2) {
		puts("done");
		fflush(stdout);
		while (getchar() != EOF)
			;
	}
	return 0;
}
