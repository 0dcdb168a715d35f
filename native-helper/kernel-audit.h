/*
 * The part of Linux that read-records uses beyond kernel-stream.h: netlink, and the kernel's audit records.
 * Checked by test/native/programs/kernel-stream-abi.c.
 */
#ifndef SANDBOX_UNIT_KERNEL_AUDIT_H
#define SANDBOX_UNIT_KERNEL_AUDIT_H

#include "kernel-stream.h"

#ifdef __x86_64__

#define NR_socket 41
#define NR_recvmsg 47
#define NR_bind 49
#define NR_setsockopt 54

#else

#define NR_socket 198
#define NR_bind 200
#define NR_setsockopt 208
#define NR_recvmsg 212

#endif

/* linux/socket.h, linux/net.h, asm-generic/socket.h */
#define AF_NETLINK 16U
#define SOCK_RAW 3U
#define SOCK_CLOEXEC O_CLOEXEC
#define SO_RCVBUF 8U
#define SO_RCVBUFFORCE 33U

/* linux/netlink.h, linux/audit.h */
#define NETLINK_AUDIT 9U
#define AUDIT_NLGRP_READLOG 1U
#define AUDIT_SECCOMP 1326U

/* asm-generic/errno.h */
#define ENOBUFS 105

struct sockaddr_nl {
	uint16_t family, unused;
	uint32_t port;   /* 0 is the kernel's */
	uint32_t groups; /* a bit each */
};

struct nlmsghdr {
	uint32_t length;
	uint16_t type, flags;
	uint32_t sequence, port;
};

static inline long kernel_socket(unsigned int family, unsigned int type, unsigned int protocol)
{
	return kernel_call(NR_socket, family, type, protocol, 0, 0);
}

static inline long kernel_bind(int fd, const struct sockaddr_nl *address)
{
	return kernel_call(NR_bind, (uintptr_t)fd, (uintptr_t)address, sizeof *address, 0, 0);
}

/* An option of SOL_SOCKET that is a number. */
static inline long kernel_setsockopt(int fd, unsigned int option, int value)
{
	return kernel_call(NR_setsockopt, (uintptr_t)fd, SOL_SOCKET, option, (uintptr_t)&value, sizeof value);
}

static inline long kernel_recvmsg(int fd, struct msghdr *message, unsigned int flags)
{
	return kernel_call(NR_recvmsg, (uintptr_t)fd, (uintptr_t)message, flags, 0, 0);
}

/* Waits as poll(2), for some seconds at most. */
static inline long kernel_poll_for(struct pollfd *files, size_t count, int64_t seconds)
{
	struct timespec time = {.seconds = seconds};
	return kernel_call(NR_ppoll, (uintptr_t)files, count, (uintptr_t)&time, 0, 0);
}

#endif
