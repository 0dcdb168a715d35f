/* Ends with the errno that uname(2) fails with, or 0. */
#include <errno.h>
#include <sys/utsname.h>

int main(void)
{
	struct utsname system;
	return uname(&system) == 0 ? 0 : errno;
}
