/* Names the operating system, or says why it can't. */
#include <stdio.h>
#include <sys/utsname.h>

int main(void)
{
	struct utsname system;
	if (uname(&system) != 0) {
		perror("uname failed");
		return 1;
	}
	printf("My OS is %s!\n", system.sysname);
	return 0;
}
