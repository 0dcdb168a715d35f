/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Records of files, names and addresses, as the tables of paths and peers have them. */
#ifndef SANDBOX_UNIT_RECORDS_H
#define SANDBOX_UNIT_RECORDS_H

#include <linux/types.h>

/* FNV-1a with 64 bits. */
#define NO_HASH 0xcbf29ce484222325ULL
#define ADD_TO_HASH(hash, byte) (((hash) ^ (__u8)(byte)) * 0x100000001b3ULL)
static inline __u64 hash_bytes(const char *bytes, int size)
{
	__u64 hash = NO_HASH;
	for (int i = 0; i < size; i++)
		hash = ADD_TO_HASH(hash, bytes[i]);
	return hash;
}

/* Where a file is: the names on its path, from the last to the first, each with a NUL. */
struct place {
	__u32 whole;  /* the root was reached, and nothing was cut */
	__u32 length; /* bytes that are used of names */
	char names[512];
};

/* Of all of the names' buffer, which begins as zeros. */
static inline __u64 hash_place(const struct place *place)
{
	return hash_bytes(place->names, sizeof place->names);
}

enum path_use {
	USE_READ,
	USE_WRITE,
	USE_EXECUTE,
	USE_MAP_EXECUTABLE,
	USE_REFERENCE,
	USE_CREATE_IN,
	USE_CHANGE_DIRECTORY,
	USE_CHANGE_ATTRIBUTE,
	USE_STAT,
	USE_ENTER,
	USE_FAILED,
	PATH_USES,
};

/* A file by one of its paths: it may have others by links and mounts, and the number of its inode may be used again. */
struct file_id {
	__u64 inode;
	__u64 parent; /* the inode of the directory that it is in */
	__u64 mounts; /* a hash of where its mount is, and those that this is in: the same in each mount namespace */
	__u32 device, generation;
};
/* A file, and what was done to it. */
struct file_key {
	struct file_id file;
	__u8 unit, use;
	__u16 error;
	__u8 capability; /* of a refused call: one that it lacked, plus one; 0: none */
	__u8 is_root;	 /* of a refused call: the task's user for files is root */
	__u16 padding;
};
/* A name that a call was given, and the directory that it is relative to: of an absolute one the process's root. */
#define NAME_LENGTH 256
struct name_key {
	struct file_key of;
	__u32 is_cut, padding; /* the former: the name is the end of a longer one */
	char name[NAME_LENGTH];
};
/* A file, or the directory that a name is relative to. */
struct path_value {
	__u64 count;
	__u32 phases;
	__u32 programs; /* of what was refused: a bit each */
	__u32 mode, device;
	struct place place;
};

enum peer_use { PEER_BIND, PEER_CONNECT, PEER_SEND, PEER_RECEIVE, PEER_ACCEPT, PEER_USES };

/* The other side's address; with bind() the own one. */
#define LONGEST_SOCKET_PATH 108 /* unix(7) */
struct peer_key {
	__u8 unit, use;
	__u16 family, type;
	__u16 port; /* in network order */
	__u16 length;
	__u16 error;
	__u32 has_port;
	struct file_id base; /* the directory that a UNIX socket's path is relative to; zeros for other addresses */
	__u8 address[LONGEST_SOCKET_PATH + 4];
};
struct peer_value {
	__u64 count;
	struct place base;
};

/* A path that a unit can't see: what its mounts hide. Its begin, with zeros behind it, and the bits that count. */
#define HIDDEN 32
#define HIDDEN_WORDS 8
struct hidden {
	__u64 words[HIDDEN_WORDS], masks[HIDDEN_WORDS];
	__u32 unit, padding;
};

#endif
