/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Calls that are looked at when they return: files that were opened, names and addresses that were given. */
#ifndef SANDBOX_UNIT_RETURNS_H
#define SANDBOX_UNIT_RETURNS_H

#define FMODE_READ 0x1 /* linux/fs.h */
#define FMODE_WRITE 0x2
#define FMODE_PATH 0x4000
#define FMODE_CREATED 0x100000
#define TMPFILE_BIT 020000000 /* __O_TMPFILE */
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define EINPROGRESS 115
#define SETS_FLAGS 0x6602     /* type and number of FS_IOC_SETFLAGS: linux/fs.h */
#define SETS_XATTR 0x5820     /* of FS_IOC_FSSETXATTR */
#define SETS_GENERATION 0x7602 /* of FS_IOC_SETVERSION */
#define PERMISSIONS 07777
#define W_OK 2
#define WRITES 03	/* O_WRONLY, O_RDWR: asm-generic/fcntl.h */
#define O_CREAT 0100
#define EPERM 1
#define ENOENT 2
#define ENXIO 6
#define EACCES 13
#define EROFS 30
#define ENETUNREACH 101

static __always_inline int opens(enum look_kind kind)
{
	return kind >= LOOK_OPEN && kind <= LOOK_CREATE;
}

static __always_inline void note_mode(__u32 index, __u32 mode)
{
	struct unit *unit = unit_at(index);
	if (unit && remember(&unit->modes, mode & PERMISSIONS, phase_of(index)))
		lose(unit, LOST_MODES);
}

static __always_inline void note_opened(__u32 index, struct file *file)
{
	__u32 mode = BPF_CORE_READ(file, f_mode);
	int is_unnamed = (BPF_CORE_READ(file, f_flags) & TMPFILE_BIT) != 0;
	if (mode & FMODE_WRITE && !is_unnamed)
		NOTE_FILE(index, USE_WRITE, file);
	if (mode & FMODE_READ && !is_unnamed)
		NOTE_FILE(index, USE_READ, file);
	if (mode & FMODE_PATH)
		NOTE_FILE(index, USE_REFERENCE, file);
	if (!(mode & FMODE_CREATED) && !is_unnamed)
		return;
	note_file(index, USE_CREATE_IN, (__u64)BPF_CORE_READ(file, f_path.dentry, d_parent),
		  (__u64)BPF_CORE_READ(file, f_path.mnt));
	note_mode(index, BPF_CORE_READ(file, f_inode, i_mode));
}

/* Notes the mode of what a call that has a path has made, as the process's umask leaves it. */
static __always_inline void note_made(__u32 index, __u32 mode)
{
	note_mode(index, mode & ~(__u32)BPF_CORE_READ(bpf_get_current_task_btf(), fs, umask));
}

/* The part that needs no name: the file that was opened, or mapped. */
__noinline int look_at_file(__u32 index, enum look_kind kind, __u64 at, __u32 abi, long result)
{
	/* arm64 has no use for it, and the verifier wants every argument to be set. */
	asm volatile("" : : "r"(abi));
	const struct pt_regs *regs = (const struct pt_regs *)at;
	struct task_struct *task = bpf_get_current_task_btf();
	if (opens(kind)) {
		struct file *file = file_of(task, (__u32)result);
		if (file)
			note_opened(index, file);
		return 0;
	}
	if (!(argument(regs, abi, 2) & PROT_EXEC) || argument(regs, abi, 3) & MAP_ANONYMOUS)
		return 0;
	struct file *file = file_of(task, (__u32)argument(regs, abi, 4));
	return file ? NOTE_FILE(index, USE_MAP_EXECUTABLE, file) : 0;
}

/* Pointers of a caller with 32 bits are half as wide. */
static __always_inline void read_words(__u64 words[3], __u32 abi, __u64 address)
{
	__u32 narrow[3] = {};
	if (abi == ABI_NATIVE) {
		bpf_probe_read_user(words, 3 * sizeof words[0], (void *)address);
		return;
	}
	bpf_probe_read_user(narrow, sizeof narrow, (void *)address);
	words[0] = narrow[0];
	words[1] = narrow[1];
	words[2] = narrow[2];
}

/* Calls of socketcall() by their numbers: linux/net.h. */
static __always_inline enum look_kind kind_of_socketcall(__u32 number)
{
	switch (number) {
	case 2: return LOOK_BIND;
	case 3: return LOOK_CONNECT;
	case 5:
	case 18: return LOOK_ACCEPT;
	case 11: return LOOK_SENDTO;
	case 12: return LOOK_RECVFROM;
	case 16:
	case 20: return LOOK_SENDMSG;
	case 17:
	case 19: return LOOK_RECVMSG;
	default: return LOOK_NOT;
	}
}

static __always_inline enum peer_use use_of(enum look_kind kind)
{
	return kind == LOOK_BIND ? PEER_BIND
	       : kind == LOOK_CONNECT ? PEER_CONNECT
	       : kind == LOOK_SENDTO || kind == LOOK_SENDMSG ? PEER_SEND
							     : PEER_RECEIVE;
}

__noinline int look_at_socket(__u32 index, enum look_kind kind, __u64 at, __u32 abi, long result)
{
	const struct pt_regs *regs = (const struct pt_regs *)at;
	__u32 error = result < 0 ? (__u32)-result : 0;
	__u32 memory[6] = {};
	__u64 words[3] = {};
	int is_socketcall = kind == LOOK_SOCKETCALL;
	if (is_socketcall) {
		kind = kind_of_socketcall((__u32)argument(regs, abi, 0));
		bpf_probe_read_user(memory, sizeof memory, (void *)argument(regs, abi, 1));
	}
	if (kind == LOOK_NOT)
		return 0;
	if (kind == LOOK_ACCEPT)
		return error ? 0 : note_accepted(index, (__u32)result);
	if (error && (kind == LOOK_RECVFROM || kind == LOOK_RECVMSG))
		return 0;
	struct socket_call call = {.index = index, .use = use_of(kind)};
	call.error = kind == LOOK_CONNECT && error == EINPROGRESS ? 0 : error;
	call.descriptor = is_socketcall ? memory[0] : (__u32)argument(regs, abi, 0);
	call.address = is_socketcall ? memory[1] : argument(regs, abi, 1);
	call.length = is_socketcall ? memory[2] : (__u32)argument(regs, abi, 2);
	if (kind == LOOK_SENDTO || kind == LOOK_RECVFROM) {
		call.address = is_socketcall ? memory[4] : argument(regs, abi, 4);
		call.length = is_socketcall ? memory[5] : (__u32)argument(regs, abi, 5);
	} else if (kind == LOOK_SENDMSG || kind == LOOK_RECVMSG) {
		/* msghdr begins with the address and its length. */
		read_words(words, abi, call.address);
		call.address = words[0];
		call.length = (__u32)words[1];
	}
	/* The file that bind() makes has the mode of the socket. */
	struct file *file = kind == LOOK_BIND && !error ? file_of(bpf_get_current_task_btf(), call.descriptor) : 0;
	if (note_address(&call) && file)
		note_made(index, BPF_CORE_READ(file, f_inode, i_mode));
	return 0;
}

static __always_inline enum path_use use_of_name(enum look_kind kind)
{
	return kind == LOOK_STAT || kind == LOOK_ACCESS ? USE_STAT
	       : kind == LOOK_CHDIR || kind == LOOK_CHROOT ? USE_ENTER
	       : kind == LOOK_CHANGE_DIRECTORY || kind == LOOK_MAKE ? USE_CHANGE_DIRECTORY
	       : kind == LOOK_CHANGE_ATTRIBUTE ? USE_CHANGE_ATTRIBUTE
					       : USE_FAILED;
}

/* Is a result one with which the kernel refuses a call by what directives set? */
static __always_inline int is_refusal(long result)
{
	return result == -EPERM || result == -EACCES || result == -EROFS || result == -ENETUNREACH;
}

/* A refused call's wish: the use that it would have made of the file that it names. */
static __always_inline enum path_use wish_of(enum look_kind kind, __u64 flags)
{
	if (kind == LOOK_EXEC)
		return USE_EXECUTE;
	if (!opens(kind))
		return use_of_name(kind);
	if (kind == LOOK_OPEN_HOW)
		bpf_probe_read_user(&flags, sizeof flags, (void *)flags);
	return kind == LOOK_CREATE || flags & (WRITES | O_CREAT) ? USE_WRITE : USE_READ;
}

/* Does an ioctl() change a file that need not be open for writing? */
static __always_inline int sets_attribute(__u16 request)
{
	return request == SETS_FLAGS || request == SETS_XATTR || request == SETS_GENERATION;
}

/* Looks at a call that returns, and is none of a socket: `which` of its looks. */
__noinline int look_at_path(__u32 index, __u32 slot, __u64 at, long result, __u32 which)
{
	if (index >= UNITS || slot >= CALLS || which >= LOOKS)
		return 0;
	const struct look *look = &state.looks[WITHIN(slot, CALLS)][WITHIN(which, LOOKS)];
	const struct pt_regs *regs = (const struct pt_regs *)at;
	__u32 kind = look->kind, abi = slot / SLOTS, path = look->path, base = look->base;
	int error = result < 0 ? (int)-result : 0;
	/* A program that was executed has a tracepoint of its own. */
	if (kind == LOOK_NOT || (kind == LOOK_EXEC && !error) || (kind == LOOK_MMAP && error))
		return 0;
	if (kind == LOOK_MMAP)
		return look_at_file(index, kind, at, abi, result);
	int directory = base < NO_ARGUMENT ? (int)argument(regs, abi, base) : -1;
	__u64 name = path < NO_ARGUMENT ? argument(regs, abi, path) : 0;
	if (opens(kind) && !error) {
		struct file *file = file_of(bpf_get_current_task_btf(), (__u32)result);
		look_at_file(index, kind, at, abi, result);
		return file ? note_asked(index, name, directory, (__u64)BPF_CORE_READ(file, f_path.dentry),
					 (__u64)BPF_CORE_READ(file, f_path.mnt))
			    : 0;
	}
	if ((kind == LOOK_CHDIR || kind == LOOK_CHROOT) && !error) {
		struct directory entered = own_directory(kind == LOOK_CHROOT);
		note_file(index, USE_ENTER, entered.dentry, entered.mount);
		return note_asked(index, name, directory, entered.dentry, entered.mount);
	}
	if (kind == LOOK_IOCTL && !sets_attribute((__u16)argument(regs, abi, 1)))
		return 0;
	if (kind == LOOK_IOCTL || (kind == LOOK_CHANGE_ATTRIBUTE && !name)) {
		struct file *file = error ? 0 : file_of(bpf_get_current_task_btf(), (__u32)directory);
		return file ? NOTE_FILE(index, USE_CHANGE_ATTRIBUTE, file) : 0;
	}
	/* Where it is already it would have been made. */
	if (kind == LOOK_MAKE && (!error || error == EEXIST))
		note_made(index, (__u32)argument(regs, abi, path + 1));
	int wants_to_write = kind == LOOK_ACCESS && argument(regs, abi, path + 1) & W_OK;
	enum path_use use = wants_to_write	? USE_CHANGE_ATTRIBUTE
			    : is_refusal(result) ? wish_of(kind, argument(regs, abi, path + 1))
						 : use_of_name(kind);
	return note_given_name(index, use, (__u32)error, name, directory);
}

/* Functions that call functions add up their stacks, and the kernel takes 512 bytes: those for sockets, which are large, are
 * called by the program itself. */
static __always_inline void look_at(__u32 index, __u32 slot, __u64 at, long result, __u32 which)
{
	__u32 kind = state.looks[WITHIN(slot, CALLS)][WITHIN(which, LOOKS)].kind;
	if (kind == LOOK_CAPABILITIES)
		note_wanted(index, slot, at, result, state.looks[WITHIN(slot, CALLS)][WITHIN(which, LOOKS)].path);
	else if (kind >= LOOK_BIND)
		look_at_socket(index, kind, at, slot / SLOTS, result);
	else
		look_at_path(index, slot, at, result, which);
}

/* A call that began and was refused by the kernel, as a mount, a missing capability or a file's mode refuses it. */
static __always_inline void note_failed(__u32 index, __u32 slot, __u32 number, __u64 at, long result)
{
	struct mark *mark = bpf_task_storage_get(&marks, bpf_get_current_task_btf(), 0, 0);
	struct unit *unit = unit_at(index);
	note_refused(index, slot / SLOTS, number, (__u32)-result, FAILED);
	if (unit && mark && (result == -EPERM || result == -EACCES))
		count_asked(unit, mark->lacked, 0, slot);
	note_arguments(index, slot, at, RETURNS);
	for (__u32 i = 0; i < LOOKS && state.looks[WITHIN(slot, CALLS)][i].kind != LOOK_NOT; i++)
		look_at(index, slot, at, result, i);
}

#endif
