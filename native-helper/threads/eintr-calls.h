/*
 * Calls that answer EINTR to what isn't a signal for the program, and have done nothing then (signal(7)). Others may have
 * done a part, and aren't made again: ioctl(2) of some devices, and calls on FUSE whose server answers an interrupt so.
 */
#ifndef SANDBOX_UNIT_EINTR_CALLS_H
#define SANDBOX_UNIT_EINTR_CALLS_H

#include <stdint.h>

/*
 * Those that all ABIs have, by the header of one of them. Reads and writes are those of sockets with a
 * timeout (SO_RCVTIMEO, SO_SNDTIMEO), fallocate(2) is that of tmpfs.
 */
#define COMMON_EINTR_CALLS                                                                                             \
	__NR_accept4, __NR_connect, __NR_epoll_pwait, __NR_fallocate, __NR_io_getevents,                               \
		__NR_io_pgetevents,                                                                                   \
		__NR_io_uring_enter, __NR_read, __NR_readv, __NR_recvfrom, __NR_recvmmsg, __NR_recvmsg,                \
		__NR_rt_sigtimedwait, __NR_sendfile, __NR_sendmmsg, __NR_sendmsg, __NR_sendto, __NR_splice,            \
		__NR_write, __NR_writev

/* epoll_pwait2, which headers before Linux 5.11 don't have. */
#define EPOLL_PWAIT2 441U

/* Behind the last number of a list. */
#define NO_CALL UINT32_MAX

extern const uint32_t eintr_calls_x86_64[];
extern const uint32_t eintr_calls_x32[];
extern const uint32_t eintr_calls_i386[];
extern const uint32_t eintr_calls_arm64[];

#endif
