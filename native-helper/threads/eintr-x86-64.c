#include "eintr-calls.h"

#ifdef __x86_64__

#include <asm/unistd_64.h>

const uint32_t eintr_calls_x86_64[] = {
	COMMON_EINTR_CALLS, __NR_epoll_wait, __NR_accept, __NR_semop, __NR_semtimedop, EPOLL_PWAIT2, NO_CALL,
};

#endif
