/** Named constants that system calls take in registers, with their value in each ABI. */
import { ABIS, evaluate, LIBC, preprocess } from './compiler.mjs';

/**
 * Which names of which kernel header: beginnings of names, `=` before a whole name, `-` before a beginning that is
 * left out, `enum X` for the members of one enumeration. Only what a call takes as an argument: a filter doesn't see
 * what lies in memory (struct open_how, struct clone_args).
 */
const KERNEL = {
  'asm-generic/fcntl.h': 'O_ F_ LOCK_ =FD_CLOEXEC =FASYNC',
  'asm-generic/ioctls.h': 'TC TIOC FIO',
  'asm-generic/mman-common.h': 'PROT_ MAP_ MADV_ MS_ PKEY_ =MLOCK_ONFAULT',
  'asm-generic/mman.h': 'MAP_ MCL_ SHADOW_STACK_',
  'asm-generic/resource.h': 'RLIMIT_ =RLIM_INFINITY',
  'asm-generic/signal-defs.h': '=SIG_BLOCK =SIG_UNBLOCK =SIG_SETMASK',
  'asm-generic/signal.h': 'SIG -SIGRT -SIGSTKSZ -SIGSWI',
  'asm-generic/socket.h': 'SO_ =SOL_SOCKET',
  'asm-generic/sockios.h': 'FIO SIOC',
  'asm/fcntl.h': 'O_ F_',
  'asm/ioctls.h': 'TIOC FIO',
  'asm/mman.h': 'PROT_ MAP_ SHADOW_STACK_ PKEY_',
  'asm/prctl.h': 'ARCH_',
  'asm/ptrace-abi.h': 'PTRACE_',
  'asm/ptrace.h': 'PTRACE_',
  'asm/signal.h': 'SIG -SIGRT -SIGSTKSZ -SIGSWI',
  'linux/bpf.h': 'enum bpf_cmd',
  'linux/capability.h': 'CAP_',
  'linux/close_range.h': 'CLOSE_RANGE_',
  'linux/eventfd.h': 'EFD_',
  'linux/eventpoll.h': '=EPOLL_CLOEXEC EPOLL_CTL_ EPIOC',
  'linux/fadvise.h': 'POSIX_FADV_',
  'linux/falloc.h': 'FALLOC_FL_',
  'linux/fanotify.h': 'FAN_ -FAN_EVENT_INFO_ -FAN_EVENT_METADATA_ -FAN_RESPONSE_',
  'linux/fcntl.h': 'F_ DN_ AT_',
  'linux/fs.h':
    'SEEK_ RENAME_ FS_IOC_ BLK FIBMAP FICLONE FIDEDUPE FIFREEZE FIGETBSZ FITHAW FITRIM RWF_ SYNC_FILE_RANGE_',
  'linux/futex.h': 'FUTEX_ FUTEX2_',
  'linux/if_packet.h': 'PACKET_',
  'linux/if_tun.h': 'TUNATTACH TUNDETACH TUNGET TUNSET',
  'linux/in.h': 'IPPROTO_ IP_ MCAST_',
  'linux/in6.h': 'IPPROTO_ IPV6_ -IPV6_FL_ -IPV6_FLOWINFO_ -IPV6_PRIORITY_ -IPV6_TLV_',
  'linux/inotify.h': 'IN_',
  'linux/io_uring.h': 'IORING_ENTER_ IORING_REGISTER_ IORING_SETUP_ IORING_UNREGISTER_',
  'linux/ioprio.h': 'IOPRIO_',
  'linux/ipc.h': 'IPC_ MSG SEM SHM',
  'linux/kcmp.h': 'KCMP_',
  'linux/kd.h': 'GIO_ KD KIOCSOUND PIO_',
  'linux/kexec.h': 'KEXEC_',
  'linux/keyctl.h': 'KEYCTL_ KEY_REQKEY_ KEY_SPEC_',
  'linux/landlock.h': 'LANDLOCK_CREATE_ LANDLOCK_RESTRICT_ LANDLOCK_RULE_',
  'linux/loop.h': 'LOOP_',
  'linux/lsm.h': 'LSM_',
  'linux/membarrier.h': 'MEMBARRIER_',
  'linux/memfd.h': 'MFD_',
  'linux/mempolicy.h': 'MPOL_',
  'linux/mman.h': 'MAP_ MREMAP_',
  'linux/module.h': 'MODULE_INIT_',
  'linux/mount.h': 'FSCONFIG_ FSMOUNT_ FSOPEN_ FSPICK_ LISTMOUNT_ MOUNT_ATTR_ MOVE_MOUNT_ MS_ OPEN_TREE_',
  'linux/msg.h': 'MSG_',
  'linux/net.h': 'SYS_',
  'linux/netlink.h': 'NETLINK_',
  'linux/nsfs.h': 'NS_GET_',
  'linux/perf_event.h': 'PERF_EVENT_IOC_ PERF_FLAG_',
  'linux/personality.h':
    'ADDR_ FDPIC_ MMAP_ PER_ READ_IMPLIES_EXEC SHORT_INODE STICKY_ UNAME26 WHOLE_SECONDS',
  'linux/pidfd.h': 'PIDFD_',
  'linux/prctl.h': 'PR_',
  'linux/ptrace.h': 'PTRACE_ -PTRACE_SYSCALL_INFO_',
  'linux/random.h': 'GRND_ RND',
  'linux/reboot.h': 'LINUX_REBOOT_',
  'linux/resource.h': 'PRIO_ RUSAGE_',
  'linux/rseq.h': 'RSEQ_FLAG_',
  'linux/sched.h': 'CLONE_ CSIGNAL SCHED_ -CLONE_ARGS_',
  'linux/seccomp.h': 'SECCOMP_',
  'linux/securebits.h': 'SECBIT_ SECURE_',
  'linux/sem.h': 'GET SEM_ SETALL SETVAL',
  'linux/shm.h': 'SHM_',
  'linux/signalfd.h': 'SFD_',
  'linux/sockios.h': 'SIOC',
  'linux/stat.h': 'STATX_ S_I -STATX_ATTR_ -STATX__',
  'linux/tcp.h':
    'TCP_ -TCP_ACCECN_ -TCP_AO_KEYF_ -TCP_AO_MAXKEYLEN -TCP_CA_ -TCP_FLAG_ -TCP_MD5SIG_FLAG_ -TCP_MD5SIG_MAXKEYLEN -TCP_NLA_',
  'linux/time.h': 'CLOCK_ ITIMER_ =TIMER_ABSTIME',
  'linux/timerfd.h': 'TFD_',
  'linux/userfaultfd.h': 'UFFDIO_ USERFAULTFD_IOC_ =UFFD_USER_MODE_ONLY',
  'linux/vt.h': 'VT_',
  'linux/wait.h': 'P_ W',
  'linux/xattr.h': '=XATTR_CREATE =XATTR_REPLACE',
};

/** Names that only the C library has. They hold their value in all our ABIs. */
const C_LIBRARY = {
  'bits/fcntl-linux.h': '=O_ASYNC =O_RSYNC',
  'bits/in.h': 'SOL_',
  'bits/mman-map-flags-generic.h': '=MAP_ANON',
  'bits/mman-linux.h': '=MAP_ANON',
  'bits/sched.h': '=SCHED_OTHER',
  'bits/socket.h': 'AF_ MSG_ PF_ SOL_',
  'bits/socket_type.h': 'SOCK_',
  'netinet/tcp.h': '=SOL_TCP',
  'netinet/udp.h': '=SOL_UDP',
  'sys/mount.h': 'MNT_ UMOUNT_',
  'sys/socket.h': 'SHUT_',
  'sys/swap.h': 'SWAP_FLAG_',
  'unistd.h': '=F_OK =R_OK =W_OK =X_OK',
};
const C_LIBRARY_INCLUDES = ['fcntl.h', 'netinet/in.h', 'sched.h', 'sys/mman.h', 'unistd.h'].concat(
  Object.keys(C_LIBRARY).filter((name) => /^(netinet|sys)\//.test(name)),
);

/** What some of the headers above need for their ioctl numbers, which hold the size of a struct. */
const NEEDED = ['stddef.h', 'asm/termbits.h', 'linux/blktrace_api.h', 'linux/fiemap.h', 'linux/serial.h'];

const SKIP = new Set([
  'MAP_FAILED',
  // On 32-bit machines the C library picks one of two numbers by the width of its time_t: *_OLD and *_NEW name them.
  ...['SO_RCVTIMEO', 'SO_SNDTIMEO', 'SO_TIMESTAMP', 'SO_TIMESTAMPNS', 'SO_TIMESTAMPING'],
  ...['SIOCGSTAMP', 'SIOCGSTAMPNS'],
]);

/** Names for all that a release knows: their value changes with the next, and so would the meaning of a policy. */
const MOVING =
  /_(MAX|LAST|SUPPORTED)$|^(CAP_LAST_CAP|FAN_ALL_|FUTEX_CMD_MASK|MOVE_MOUNT__MASK|PTRACE_O_MASK|SECURE_ALL_|TCP_RESERVED_BITS)/;

/** One line a constant: its name, its value in most ABIs, then `abi=value` (`-`: none) for the others. */
export function constantsTable(headers) {
  const library = valuesOf(headers, LIBC, C_LIBRARY_INCLUDES, C_LIBRARY);
  const own = Object.keys(KERNEL).filter((name) => !name.startsWith('asm-generic/'));
  const byAbi = ABIS.map(
    (abi) => new Map([...library, ...valuesOf(headers, abi, [...NEEDED, ...own], KERNEL)]),
  );
  const names = [...new Set(byAbi.flatMap((values) => [...values.keys()]))].sort();
  return names.map((name) =>
    line(
      name,
      byAbi.map((values) => values.get(name)),
    ),
  );
}

function valuesOf(headers, abi, includes, families) {
  const names = namesIn(preprocess(headers, abi, includes), families);
  return evaluate(headers, abi, includes, [...names].sort());
}

function line(name, values) {
  const count = (value) => values.filter((other) => other === value).length;
  const common = values.filter((value) => value !== undefined).sort((a, b) => count(b) - count(a))[0];
  const others = ABIS.flatMap((abi, i) => (values[i] === common ? [] : [`${abi}=${hex(values[i])}`]));
  return [name, hex(common), ...others].join(' ');
}

const hex = (value) => (value === undefined ? '-' : `0x${value.toString(16)}`);

/** A line marker; the name of the header as a program includes it. */
const MARKER = /^# \d+ "(?:.*\/include\/(?:\S*-linux-gnu\/)?)?([^"]*)"/;
const MACRO = /^#define ([A-Z][A-Z0-9_]*) \S/;
const ENUM = /\benum\b\s*(\w*)\s*\{(.*)/;
const MEMBER = /^\s*([A-Z][A-Z0-9_]*)\b/;

/** The names of macros with a value and of enumeration members that the families ask for. */
function namesIn(text, families) {
  const rules = new Map(Object.entries(families).map(([header, words]) => [header, compileRule(words)]));
  const names = new Set();
  let file = '';
  let enumeration;
  const add = (name) => {
    if (name && !SKIP.has(name) && !MOVING.test(name) && rules.get(file)?.(name, enumeration))
      names.add(name);
  };
  for (const row of text.split('\n')) {
    file = row.match(MARKER)?.[1] ?? file;
    if (row.startsWith('#')) {
      add(row.match(MACRO)?.[1]);
      continue;
    }
    const start = row.match(ENUM);
    if (start) enumeration = start[1];
    if (enumeration === undefined) continue;
    for (const member of (start?.[2] ?? row).split(',')) add(member.match(MEMBER)?.[1]);
    if (row.includes('}')) enumeration = undefined;
  }
  return names;
}

/** @returns whether a name, in the enumeration of that name if it is in one, is asked for */
function compileRule(words) {
  if (words.startsWith('enum ')) return (_name, enumeration) => enumeration === words.slice('enum '.length);
  const list = words.split(' ');
  const unwanted = list.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
  const wanted = (name) => list.some((word) => `=${name}` === word || name.startsWith(word));
  return (name) => wanted(name) && !unwanted.some((word) => name.startsWith(word));
}
