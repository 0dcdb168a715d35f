#include "wanted.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "seccomp/filter.h"

#ifdef __x86_64__
#define OWN_ARCH AUDIT_ARCH_X86_64
#else
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

static uint8_t file_bytes[FILTER_SIZE_MAX + 1];
static struct sock_filter instructions[PROGRAM_MAX];

static _Noreturn void refuse(const char *path, const char *problem, int error)
{
	fail(1, (struct failure){.what = "the filter", .name = path, .rest = problem, .error = error});
}

static size_t read_whole(int fd, const char *path)
{
	size_t size = 0;
	while (size < sizeof file_bytes) {
		long got = read(fd, file_bytes + size, sizeof file_bytes - size);
		if (got < 0)
			refuse(path, "can't be read", errno);
		if (got == 0)
			break;
		size += (size_t)got;
	}
	return size;
}

static size_t read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0)
		refuse(path, "can't be opened", errno);
	if (!S_ISREG(status.st_mode))
		refuse(path, "is not a regular file", 0);
	if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		refuse(path, "isn't root's alone", 0);
	size_t size = read_whole(fd, path);
	(void)close(fd);
	return size;
}

struct wanted read_wanted(const char *path)
{
	struct filter filter;
	const char *problem = filter_parse(file_bytes, read_file(path), OWN_ARCH, &filter);
	if (problem != NULL)
		refuse(path, problem, 0);
	if (filter.stage != FILTER_STAGE_READY)
		refuse(path, "is not of stage 'ready'", 0);
	memcpy(instructions, filter.main.instructions, filter.main.length * sizeof instructions[0]);
	return (struct wanted){
		.instructions = instructions,
		.length = filter.main.length,
		.flags = filter.flags & FILTER_LOG ? SECCOMP_FILTER_FLAG_LOG : 0,
		.sets_no_new_privileges = (filter.flags & FILTER_NO_NEW_PRIVILEGES) != 0,
	};
}
