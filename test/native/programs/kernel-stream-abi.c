/*
 * Compiles only if kernel-stream.h and kernel-audit.h of native-helper/ agree with the system's headers. What they define
 * is in renamed.h under other names, and same.h compares the constants: both are made from them
 * (test/support/kernel-abi.ts).
 */
#include "renamed.h"

#include <asm/termios.h>
#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/netlink.h>
#include <linux/signalfd.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "same.h"

#define SAME_FIELD(type, ours, theirs)                                                                                 \
	_Static_assert(offsetof(struct our_##type, ours) == offsetof(struct type, theirs) &&                           \
			       sizeof(((struct our_##type *)0)->ours) == sizeof(((struct type *)0)->theirs),           \
		       #type "." #ours)
#define SAME_SIZE(type) _Static_assert(sizeof(struct our_##type) == sizeof(struct type), #type)

SAME_SIZE(pollfd);
SAME_FIELD(pollfd, fd, fd);
SAME_FIELD(pollfd, events, events);
SAME_FIELD(pollfd, revents, revents);
SAME_SIZE(timespec);
SAME_FIELD(timespec, nanoseconds, tv_nsec);
SAME_SIZE(iovec);
SAME_FIELD(iovec, size, iov_len);
SAME_SIZE(msghdr);
SAME_FIELD(msghdr, parts, msg_iov);
SAME_FIELD(msghdr, part_count, msg_iovlen);
SAME_FIELD(msghdr, control, msg_control);
SAME_FIELD(msghdr, control_size, msg_controllen);
SAME_SIZE(cmsghdr);
SAME_FIELD(cmsghdr, size, cmsg_len);
SAME_FIELD(cmsghdr, type, cmsg_type);
SAME_SIZE(termios);
SAME_FIELD(termios, output, c_oflag);
SAME_FIELD(termios, local, c_lflag);
SAME_FIELD(termios, characters, c_cc);
SAME_SIZE(signalfd_siginfo);
SAME_FIELD(signalfd_siginfo, signal, ssi_signo);
SAME_SIZE(winsize);
SAME_FIELD(winsize, columns, ws_col);

SAME_SIZE(sockaddr_nl);
SAME_FIELD(sockaddr_nl, port, nl_pid);
SAME_FIELD(sockaddr_nl, groups, nl_groups);
SAME_SIZE(nlmsghdr);
SAME_FIELD(nlmsghdr, type, nlmsg_type);
