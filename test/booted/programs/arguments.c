/* Prints its arguments, argv[0] first, each ended by a NUL, and a line feed. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		fwrite(argv[i], 1, strlen(argv[i]) + 1, stdout);
	putchar('\n');
	return 0;
}
