/* A shell for system(3): `sh -c "exit N"` is all that it can. */
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[1], "-c") != 0 || strncmp(argv[argc - 1], "exit ", 5) != 0)
		return 127;
	return atoi(argv[argc - 1] + 5);
}
