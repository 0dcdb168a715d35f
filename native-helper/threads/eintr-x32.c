#include "eintr-calls.h"

#ifdef __x86_64__

#define __X32_SYSCALL_BIT 0x40000000U
#include <asm/unistd_x32.h>

const uint32_t eintr_calls_x32[] = {
	COMMON_EINTR_CALLS, __NR_epoll_wait, __NR_accept, __NR_semop, __NR_semtimedop,
	__X32_SYSCALL_BIT + EPOLL_PWAIT2, NO_CALL,
};

#endif
