#include "names.h"

const char *const abi_names[ABIS] = {"native", "compat", "x32"};

const char *const phase_names[PHASES] = {"start", "serving", "reload", "stop"};

const char *const look_names[LOOK_KINDS] = {
	[LOOK_OPEN] = "open",
	[LOOK_OPEN_HOW] = "open-how",
	[LOOK_CREATE] = "create",
	[LOOK_MMAP] = "mmap",
	[LOOK_STAT] = "stat",
	[LOOK_ACCESS] = "access",
	[LOOK_CHDIR] = "chdir",
	[LOOK_CHROOT] = "chroot",
	[LOOK_CHANGE_DIRECTORY] = "change-directory",
	[LOOK_MAKE] = "make",
	[LOOK_CHANGE_ATTRIBUTE] = "change-attribute",
	[LOOK_IOCTL] = "ioctl",
	[LOOK_EXEC] = "exec",
	[LOOK_CAPABILITIES] = "capabilities",
	[LOOK_BIND] = "bind",
	[LOOK_CONNECT] = "connect",
	[LOOK_SENDTO] = "sendto",
	[LOOK_SENDMSG] = "sendmsg",
	[LOOK_RECVFROM] = "recvfrom",
	[LOOK_RECVMSG] = "recvmsg",
	[LOOK_ACCEPT] = "accept",
	[LOOK_SOCKETCALL] = "socketcall",
};

const char *const path_use_names[PATH_USES] = {
	[USE_READ] = "read",
	[USE_WRITE] = "write",
	[USE_EXECUTE] = "execute",
	[USE_MAP_EXECUTABLE] = "map-executable",
	[USE_REFERENCE] = "reference",
	[USE_CREATE_IN] = "create-in",
	[USE_CHANGE_DIRECTORY] = "change-directory",
	[USE_CHANGE_ATTRIBUTE] = "change-attribute",
	[USE_STAT] = "stat",
	[USE_ENTER] = "enter",
	[USE_FAILED] = "failed",
};

const char *const peer_use_names[PEER_USES] = {"bind", "connect", "send", "receive", "accept"};

const char *const lost_names[LOSSES] = {
	[LOST_NUMBERS] = "numbers",
	[LOST_PROGRAMS] = "programs",
	[LOST_PATHS] = "paths",
	[LOST_PEERS] = "peers",
	[LOST_MEMORY] = "memory",
	[LOST_REFUSED] = "refused",
	[LOST_MARKS] = "marks",
	[LOST_FORK_FLAGS] = "forkFlags",
	[LOST_MODES] = "modes",
	[LOST_RING_OPERATIONS] = "ringOperations",
	[LOST_GROUPS] = "groups",
	[LOST_HIDDEN] = "hidden",
	[LOST_LEAVERS] = "leavers",
};
