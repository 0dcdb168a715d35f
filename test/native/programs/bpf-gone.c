/* Succeeds if the kernel has none of the BPF programs whose IDs are given: `bpf-gone ID…`. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		union bpf_attr attributes = {.prog_id = (unsigned int)strtoul(argv[i], NULL, 10)};
		if (syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attributes, sizeof attributes) >= 0 || errno != ENOENT)
			return 1;
	}
	return 0;
}
