/*
 * Makes some calls, each by itself, as often as the kernel's log wouldn't have them all, and stays. On SIGHUP it makes
 * all but the first again, and a file when it has.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static const long calls[] = {SYS_getppid, SYS_getpgid, SYS_times, SYS_sysinfo, SYS_sched_yield, SYS_getrusage};

static void make_calls(unsigned int first)
{
	for (int times = 0; times < 5; times++)
		for (unsigned int i = first; i < sizeof calls / sizeof calls[0]; i++)
			syscall(calls[i], 0, 0);
}

static void reload(int signal)
{
	(void)signal;
	make_calls(1);
	close(creat("/run/reloaded", 0600));
}

int main(void)
{
	signal(SIGHUP, reload);
	make_calls(0);
	for (;;)
		pause();
}
