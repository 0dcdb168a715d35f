/* Prints the state that an exec hands on to a program: what must be equal with and without the launcher in between. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One thing a line, so that values with line ends can't pass for two. */
static void print_text(const char *key, const char *text)
{
	printf("%s=", key);
	for (; *text != '\0'; text++)
		printf(*text >= ' ' && *text <= '~' && *text != '\\' ? "%c" : "\\x%02x", (unsigned char)*text);
	putchar('\n');
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void print_descriptors(void)
{
	int numbers[256], count = 0;
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	while (directory != NULL && count < 256 && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
			numbers[count++] = atoi(entry->d_name);
	qsort(numbers, (size_t)count, sizeof numbers[0], by_number);
	for (int i = 0; i < count; i++) {
		struct stat status;
		fstat(numbers[i], &status);
		/* Those of sockets and pipes differ from run to run. */
		unsigned long inode = S_ISREG(status.st_mode) ? (unsigned long)status.st_ino : 0;
		printf("descriptor=%d type=%o inode=%lu flags=%x close-on-exec=%d offset=%ld\n", numbers[i],
		       status.st_mode & S_IFMT, inode, (unsigned)fcntl(numbers[i], F_GETFL),
		       fcntl(numbers[i], F_GETFD), (long)lseek(numbers[i], 0, SEEK_CUR));
	}
}

/* What /proc/self/status has of it: names, identities, signals, capabilities, no_new_privs and filters. */
static void print_status(void)
{
	static const char *const keys[] = {"Name:", "Umask:", "Uid:", "Gid:", "Groups:", "Threads:", "SigPnd:", "ShdPnd:",
					   "SigBlk:", "SigIgn:", "SigCgt:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
					   "CapAmb:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:"};
	char line[512];
	FILE *status = fopen("/proc/self/status", "re");
	while (status != NULL && fgets(line, sizeof line, status) != NULL)
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
			if (strncmp(line, keys[i], strlen(keys[i])) == 0)
				fputs(line, stdout);
}

int main(int argc, char **argv, char **envp)
{
	char directory[4096];
	print_descriptors();
	printf("pid=%d\nparent=%d\nsession=%d\ngroup=%d\n", getpid(), getppid(), getsid(0), getpgrp());
	print_text("directory", getcwd(directory, sizeof directory) ? directory : "?");
	printf("arguments=%d\n", argc);
	for (; *argv != NULL; argv++)
		print_text("argument", *argv);
	for (; *envp != NULL; envp++)
		print_text("environment", *envp);
	print_status();
	/* The first process of a namespace: systemd is told of it while it runs already, and must hear of it before it ends. */
	if (getpid() == 1)
		sleep(1);
	return 0;
}
