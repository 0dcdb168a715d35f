/*
 * The part of Linux that pty-relay, send-descriptors and read-records use beyond kernel.h: waiting, sockets, signals,
 * terminals.
 * Checked by test/native/programs/kernel-stream-abi.c.
 */
#ifndef SANDBOX_UNIT_KERNEL_STREAM_H
#define SANDBOX_UNIT_KERNEL_STREAM_H

#include "kernel.h"

#ifdef __x86_64__

#define NR_rt_sigprocmask 14
#define NR_ioctl 16
#define NR_getpid 39
#define NR_sendto 44
#define NR_sendmsg 46
#define NR_kill 62
#define NR_clock_gettime 228
#define NR_ppoll 271
#define NR_signalfd4 289

#else

#define NR_ioctl 29
#define NR_ppoll 73
#define NR_signalfd4 74
#define NR_clock_gettime 113
#define NR_kill 129
#define NR_rt_sigprocmask 135
#define NR_getpid 172
#define NR_sendto 206
#define NR_sendmsg 211

#endif

/* asm-generic/fcntl.h */
#define O_WRONLY 1U
#define O_RDWR 2U

/* asm-generic/errno-base.h and errno.h */
#define EINTR 4
#define ENOTSOCK 88

/* asm-generic/poll.h */
#define POLLIN 1
#define POLLOUT 4

/* asm-generic/socket.h, linux/socket.h */
#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define MSG_DONTWAIT 0x40U
#define MSG_NOSIGNAL 0x4000U

/* asm-generic/signal.h, linux/time.h */
#define SIGHUP 1U
#define SIGINT 2U
#define SIGQUIT 3U
#define SIGPIPE 13U
#define SIGTERM 15U
#define SIGCONT 18U
#define SIGSTOP 19U
#define SIGTSTP 20U
#define SIGTTOU 22U
#define SIGWINCH 28U
#define SIG_BLOCK 0U
#define SIG_UNBLOCK 1U
#define CLOCK_MONOTONIC 1U

/* asm-generic/ioctls.h */
#define TCGETS 0x5401U
#define TCSETS 0x5402U
#define TIOCGWINSZ 0x5413U
#define TIOCSWINSZ 0x5414U
#define TIOCGPTPEER 0x5441U
#define TIOCGPTN 0x80045430U
#define TIOCSPTLCK 0x40045431U

/* asm-generic/termbits.h */
#define IGNBRK 0x1U
#define BRKINT 0x2U
#define PARMRK 0x8U
#define ISTRIP 0x20U
#define INLCR 0x40U
#define IGNCR 0x80U
#define ICRNL 0x100U
#define IXON 0x400U
#define OPOST 0x1U
#define CSIZE 0x30U
#define CS8 0x30U
#define PARENB 0x100U
#define ISIG 0x1U
#define ICANON 0x2U
#define ECHO 0x8U
#define ECHONL 0x40U
#define IEXTEN 0x8000U
#define VTIME 5
#define VMIN 6

struct pollfd {
	int fd; /* a negative one is not looked at */
	int16_t events, revents;
};

struct timespec {
	int64_t seconds, nanoseconds;
};

struct iovec {
	void *base;
	size_t size;
};

struct msghdr {
	void *name;
	uint32_t name_size;
	struct iovec *parts;
	size_t part_count;
	void *control;
	size_t control_size;
	uint32_t flags;
};

struct cmsghdr {
	size_t size; /* of this header and what follows */
	int32_t level, type;
};

struct winsize {
	uint16_t rows, columns, x, y;
};

struct termios {
	uint32_t input, output, control, local;
	uint8_t discipline, characters[19];
};

struct signalfd_siginfo {
	uint32_t signal;
	uint8_t rest[124];
};

/* Waits as poll(2) without a time-out. Returns a negative errno on failure. */
static inline long kernel_poll(struct pollfd *files, size_t count)
{
	return kernel_call(NR_ppoll, (uintptr_t)files, count, 0, 0, 0);
}

static inline long kernel_send(long fd, const void *bytes, size_t size, unsigned int flags)
{
	return kernel_call(NR_sendto, (uintptr_t)fd, (uintptr_t)bytes, size, flags, 0);
}

static inline long kernel_sendmsg(long fd, const struct msghdr *message, unsigned int flags)
{
	return kernel_call(NR_sendmsg, (uintptr_t)fd, (uintptr_t)message, flags, 0, 0);
}

static inline long kernel_ioctl(long fd, unsigned int request, uintptr_t argument)
{
	return kernel_call(NR_ioctl, (uintptr_t)fd, request, argument, 0, 0);
}

/* A signal as a bit of a set. */
static inline uint64_t signal_bit(unsigned int signal)
{
	return (uint64_t)1 << (signal - 1);
}

/* Blocks or unblocks a set of signals. */
static inline long kernel_sigprocmask(unsigned int how, uint64_t signals)
{
	return kernel_call(NR_rt_sigprocmask, how, (uintptr_t)&signals, 0, sizeof signals, 0);
}

/* A descriptor that signals are read from. */
static inline long kernel_signalfd(uint64_t signals)
{
	return kernel_call(NR_signalfd4, (uintptr_t)-1, (uintptr_t)&signals, sizeof signals, O_CLOEXEC | O_NONBLOCK, 0);
}

static inline long kernel_kill_self(unsigned int signal)
{
	long self = kernel_call(NR_getpid, 0, 0, 0, 0, 0);
	return kernel_call(NR_kill, (uintptr_t)self, signal, 0, 0, 0);
}

/* The clock that nobody sets, in nanoseconds. */
static inline int64_t kernel_now(void)
{
	struct timespec now = {0, 0};
	kernel_call(NR_clock_gettime, CLOCK_MONOTONIC, (uintptr_t)&now, 0, 0, 0);
	return now.seconds * 1000000000 + now.nanoseconds;
}

#endif
