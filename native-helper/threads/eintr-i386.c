#include "eintr-calls.h"

#ifdef __x86_64__

#include <asm/unistd_32.h>

/* socketcall and ipc stand for the calls that they make. */
const uint32_t eintr_calls_i386[] = {
	COMMON_EINTR_CALLS, __NR_epoll_wait, __NR_io_pgetevents_time64, __NR_ipc, __NR_recvmmsg_time64,
	__NR_rt_sigtimedwait_time64, __NR_semtimedop_time64, __NR_sendfile64, __NR_socketcall, EPOLL_PWAIT2,
	NO_CALL,
};

#endif
