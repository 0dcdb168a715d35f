/* Tries, one after the other, what directives and filters refuse, and then waits. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_in low = {.sin_family = AF_INET, .sin_port = htons(81)};
	char *const words[] = {"true", NULL};
	(void)open("/opt/outside", O_WRONLY | O_CREAT, 0600);
	(void)mkdir("/opt/folder", 0700);
	(void)open("/root/secret", O_RDONLY);
	(void)!chown("/opt/programs", 1, 1);
	(void)socket(AF_PACKET, SOCK_RAW, 0);
	(void)open("/dev/kmsg", O_RDONLY);
	(void)bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&low, sizeof low);
	(void)unshare(CLONE_NEWNET);
	(void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	(void)execv("/bin/true", words);
	for (;;)
		(void)pause();
}
