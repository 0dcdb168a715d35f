/* Pages of another process that can only be read and have no file: where a filter lies before it is loaded. */
#ifndef SANDBOX_UNIT_READ_ONLY_PAGES_H
#define SANDBOX_UNIT_READ_ONLY_PAGES_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

/* struct sock_fprog, which lies before the instructions. */
#define PROGRAM_OFFSET 16

#define PERMITTED 4000

/* Instructions, each of which permits all. */
static struct sock_filter permitting[PERMITTED];

static inline void fill_permitting(void)
{
	for (int i = 0; i < PERMITTED; i++)
		permitting[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

/* Calls `found` for the instructions in each such mapping. Returns how many mappings the process has. */
static inline int find_read_only(const char *pid, void (*found)(unsigned long from, size_t size))
{
	char path[64], line[512];
	int count = 0;
	(void)snprintf(path, sizeof path, "/proc/%s/maps", pid);
	FILE *maps = fopen(path, "re");
	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		unsigned long from, to, inode;
		char rights[5];
		count++;
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, rights, &inode) != 4 || inode != 0 ||
		    strcmp(rights, "r--p") != 0 || strchr(line, '[') != NULL)
			continue;
		size_t size = to - from - PROGRAM_OFFSET;
		found(from + PROGRAM_OFFSET, size < sizeof permitting ? size : sizeof permitting);
	}
	if (maps != NULL)
		(void)fclose(maps);
	return count;
}

#endif
