/* A parent of vfork(2), whose child waits before it execs. */
#include <unistd.h>

int main(void)
{
	pid_t child = vfork();
	if (child == 0) {
		sleep(1000);
		_exit(0);
	}
	return child < 0;
}
