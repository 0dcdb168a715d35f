/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Addresses that sockets are bound to, and that they deal with. */
#ifndef SANDBOX_UNIT_PEERS_H
#define SANDBOX_UNIT_PEERS_H

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PEERS_OF_UNIT);
	__type(key, struct peer_key);
	__type(value, struct peer_value);
} peers SEC(".maps");

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define SUN_PATH 2 /* offsets in sockaddr_un, sockaddr_in, sockaddr_in6: unix(7), ip(7), ipv6(7) */
#define SIN_PORT 2
#define SIN_ADDR 4
#define SIN6_ADDR 8

static const struct peer_value no_peer;

/* Counts an address. Of a new one with a base it finds out where that is. */
static __always_inline void count_peer(const struct peer_key *key, struct directory base)
{
	struct peer_value *value = bpf_map_lookup_elem(&peers, key);
	struct unit *unit = unit_at(key->unit);
	int is_new = !value && bpf_map_update_elem(&peers, key, &no_peer, BPF_NOEXIST) == 0;
	if (!value)
		value = bpf_map_lookup_elem(&peers, key);
	if (value) {
		__sync_fetch_and_add(&value->count, 1);
		if (is_new && base.dentry)
			walk(&value->base, base.dentry, base.mount);
	}
	if (unit && (!value || (is_new && base.dentry && !value->base.whole)))
		lose(unit, LOST_PEERS);
}

static __always_inline struct socket *socket_of(struct task_struct *task, __u32 descriptor)
{
	struct file *file = file_of(task, descriptor);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	return BPF_CORE_READ(file, private_data);
}

/* Reads an IP address. Returns 0, or an error's number below 0. */
static __always_inline long read_ip(struct peer_key *key, __u64 address)
{
	/* The port that a peer sends from is only its own choice. */
	key->has_port = key->use != PEER_RECEIVE;
	long error = key->has_port ? bpf_probe_read_user(&key->port, 2, (void *)(address + SIN_PORT)) : 0;
	if (key->family == AF_INET)
		return error | bpf_probe_read_user(key->address, 4, (void *)(address + SIN_ADDR));
	return error | bpf_probe_read_user(key->address, 16, (void *)(address + SIN6_ADDR));
}

/* A path of a UNIX socket, whose end is sought. */
struct path_end {
	struct peer_key *key;
	__u64 is_found;
};

/* Clears what is behind the NUL of a path. In a usual loop the verifier would follow each place of the NUL on its own. */
static long end_path(__u32 i, struct path_end *end)
{
	if (i >= LONGEST_SOCKET_PATH)
		return 1;
	if (!end->is_found && end->key->address[i] == 0) {
		end->is_found = 1;
		end->key->length = (__u16)i;
	}
	if (end->is_found)
		end->key->address[i] = 0;
	return 0;
}

/* Reads the path of a UNIX socket, which need not end with a NUL. An abstract one begins with a NUL, and its length counts. */
static __always_inline long read_path(struct peer_key *key, __u64 address, __u32 length)
{
	if (length <= SUN_PATH || length > SUN_PATH + LONGEST_SOCKET_PATH)
		return 0;
	__u64 bytes = WITHIN(length - SUN_PATH, LONGEST_SOCKET_PATH + 1);
	long error = bpf_probe_read_user(key->address, (__u32)bytes, (void *)(address + SUN_PATH));
	key->length = (__u16)bytes;
	if (error || key->address[0] == 0)
		return error;
	struct path_end end = {.key = key};
	bpf_loop(LONGEST_SOCKET_PATH, end_path, &end, 0);
	return 0;
}

/* The directory that the path of a UNIX socket is relative to: of an absolute one the process's root. */
static __always_inline struct directory base_of(struct peer_key *key)
{
	if (key->family != AF_UNIX || key->address[0] == 0)
		return (struct directory){0, 0};
	struct directory base = own_directory(key->address[0] == '/');
	identify(&key->base, base.dentry, base.mount);
	return base;
}

/* A call that deals with an address. */
struct socket_call {
	__u32 index, use, descriptor, length, error;
	__u64 address;
};

/* Returns whether the address is the path of a file. */
__noinline int note_address(const struct socket_call *call)
{
	if (!call || !call->address)
		return 0;
	struct socket *socket = socket_of(bpf_get_current_task_btf(), call->descriptor);
	if (!socket)
		return 0;
	struct peer_key key = {.unit = (__u8)call->index, .use = (__u8)call->use, .error = (__u16)call->error};
	key.type = (__u16)BPF_CORE_READ(socket, type);
	long error = bpf_probe_read_user(&key.family, 2, (void *)call->address);
	if (key.family == AF_INET || key.family == AF_INET6)
		error |= read_ip(&key, call->address);
	else if (key.family == AF_UNIX && call->use != PEER_RECEIVE)
		error |= read_path(&key, call->address, call->length);
	if (!error) {
		struct directory base = base_of(&key);
		count_peer(&key, base);
		return base.dentry != 0;
	}
	struct unit *unit = call->error != EFAULT ? unit_at(call->index) : 0;
	if (unit)
		lose(unit, LOST_MEMORY);
	return 0;
}

__noinline int note_accepted(__u32 index, __u32 descriptor)
{
	struct socket *socket = socket_of(bpf_get_current_task_btf(), descriptor);
	if (!socket)
		return 0;
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct peer_key key = {.unit = (__u8)index, .use = PEER_ACCEPT};
	key.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	key.type = (__u16)BPF_CORE_READ(socket, type);
	if (key.family == AF_INET)
		BPF_CORE_READ_INTO((__u32 *)key.address, sk, __sk_common.skc_daddr);
	else if (key.family == AF_INET6)
		BPF_CORE_READ_INTO((struct in6_addr *)key.address, sk, __sk_common.skc_v6_daddr);
	count_peer(&key, (struct directory){0, 0});
	return 0;
}

#endif
