#include "eintr-calls.h"

#ifdef __aarch64__

#include <asm/unistd.h>

const uint32_t eintr_calls_arm64[] = {
	COMMON_EINTR_CALLS, __NR_accept, __NR_semop, __NR_semtimedop, EPOLL_PWAIT2, NO_CALL,
};

#endif
