import { type Entry, MAKES_USER_NAMESPACE, MOUNTS, type Needed, SOCK, sockets } from './doors.js';

/** A flaw of the kernel by which programs have gained rights, and the calls by which it was reached. */
export interface Flaw {
  readonly cve: string;
  /** The flaw in few words. */
  readonly what: string;
  /** The place of the flaw in the kernel's source. */
  readonly at: string;
  /** All of these steps are needed; of the entries of a step one is enough. */
  readonly steps: readonly (readonly Entry[])[];
  readonly needs?: Needed;
}

const calls = (...names: readonly string[]): Entry[] => names.map((call) => ({ call }));
const inUserNamespace = (capability: string): Needed => ({ capability, inUserNamespace: true });

/** NETLINK_* of linux/netlink.h. */
const NETLINK = { ROUTE: 0n, SOCK_DIAG: 4n, NETFILTER: 12n } as const;

const netlink = (protocol: keyof typeof NETLINK): Entry[] =>
  sockets('NETLINK', [SOCK.RAW, SOCK.DGRAM], [NETLINK[protocol]]);

/** FUTEX_CMP_REQUEUE_PI of linux/futex.h, and with FUTEX_PRIVATE_FLAG. */
const REQUEUE_PI = [12n, 140n];
/** KEYCTL_JOIN_SESSION_KEYRING of linux/keyctl.h. */
const JOIN_SESSION = 1n;
/** TIOCSETD of asm-generic/ioctls.h. */
const SET_LINE_DISCIPLINE = 0x5423n;
/** BPF_PROG_LOAD of linux/bpf.h. */
const PROG_LOAD = 5n;
/** PTRACE_TRACEME of linux/ptrace.h. */
const TRACEME = 0n;
/** PX_PROTO_OL2TP of linux/if_pppox.h. pppox_create() takes any type of socket. */
const PX_PROTO_OL2TP = 1n;
/** IPPROTO_DCCP of linux/in.h. */
const IPPROTO_DCCP = 33n;

const PACKETS = sockets('PACKET', [SOCK.RAW, SOCK.DGRAM]);
const BPF: readonly Entry[] = [{ call: 'bpf', args: [PROG_LOAD] }];
const IO_URING = calls('io_uring_setup');
const NET_ADMIN = inUserNamespace('CAP_NET_ADMIN');
/** A socket for the kernel's packet filters; from Linux 5.19 on io_uring makes it, too (IORING_OP_SOCKET). */
const NF_TABLES = { steps: [[...netlink('NETFILTER'), ...IO_URING]], needs: NET_ADMIN };

/**
 * Flaws by which programs are known to have gained rights. Number, place and call of each are those of its CVE record
 * (cve.org), which the National Vulnerability Database has, too; where that is vague, of the change that mends it. Only
 * what the flaw itself is reached by is an entry, not what a certain exploit does besides. The kernels that have it count:
 * no type of socket, and no call of io_uring, that came after the mend. Flaws of calls of another ABI aren't here, since
 * nobody looks at those.
 */
export const FLAWS: readonly Flaw[] = [
  {
    cve: 'CVE-2008-0600',
    what: 'vmsplice takes any pointer',
    at: 'vmsplice_to_pipe() in fs/splice.c',
    steps: [calls('vmsplice')],
  },
  {
    cve: 'CVE-2010-2959',
    what: 'CAN broadcast manager overflow',
    at: 'net/can/bcm.c',
    steps: [sockets('CAN', [SOCK.DGRAM], [2n])],
  },
  {
    cve: 'CVE-2010-3904',
    what: 'RDS writes to kernel memory',
    at: 'rds_page_copy_user() in net/rds/page.c',
    steps: [sockets('RDS', [SOCK.SEQPACKET])],
  },
  {
    cve: 'CVE-2013-1763',
    what: 'socket diagnosis beyond its table',
    at: '__sock_diag_rcv_msg() in net/core/sock_diag.c',
    steps: [netlink('SOCK_DIAG')],
  },
  {
    cve: 'CVE-2013-2094',
    what: 'performance event beyond its table',
    at: 'perf_swevent_init() in kernel/events/core.c',
    steps: [calls('perf_event_open')],
  },
  {
    cve: 'CVE-2014-3153',
    what: 'futex requeued to itself',
    at: 'futex_requeue() in kernel/futex.c',
    steps: [REQUEUE_PI.map((operation) => ({ call: 'futex', args: [0n, operation] }))],
  },
  {
    cve: 'CVE-2014-4943',
    what: 'L2TP socket options of another protocol',
    at: 'pppol2tp_setsockopt() in net/l2tp/l2tp_ppp.c',
    steps: [sockets('PPPOX', [SOCK.STREAM, SOCK.DGRAM, SOCK.RAW, SOCK.SEQPACKET], [PX_PROTO_OL2TP])],
  },
  {
    cve: 'CVE-2016-0728',
    what: 'keyring freed while in use',
    at: 'join_session_keyring() in security/keys/process_keys.c',
    steps: [[{ call: 'keyctl', args: [JOIN_SESSION] }]],
  },
  {
    cve: 'CVE-2016-8655',
    what: 'packet socket race',
    at: 'packet_set_ring() in net/packet/af_packet.c',
    steps: [PACKETS],
    needs: inUserNamespace('CAP_NET_RAW'),
  },
  {
    cve: 'CVE-2017-2636',
    what: 'N_HDLC line discipline race',
    at: 'drivers/tty/n_hdlc.c',
    steps: [[{ call: 'ioctl', args: [0n, SET_LINE_DISCIPLINE] }]],
  },
  {
    cve: 'CVE-2017-5123',
    what: 'waitid writes to any address',
    at: 'waitid() in kernel/exit.c',
    steps: [calls('waitid')],
  },
  {
    cve: 'CVE-2017-6074',
    what: 'DCCP packet over IPv6 freed twice',
    at: 'dccp_rcv_state_process() in net/dccp/input.c',
    steps: [sockets('INET6', [SOCK.DCCP], [0n, IPPROTO_DCCP])],
  },
  {
    cve: 'CVE-2017-7308',
    what: 'packet ring of a wrong size',
    at: 'packet_set_ring() in net/packet/af_packet.c',
    steps: [PACKETS],
    needs: inUserNamespace('CAP_NET_RAW'),
  },
  {
    cve: 'CVE-2017-16995',
    what: 'BPF verifier extends a sign wrongly',
    at: 'check_alu_op() in kernel/bpf/verifier.c',
    steps: [BPF],
  },
  {
    cve: 'CVE-2018-18955',
    what: 'nested user namespaces map wrongly',
    at: 'map_write() in kernel/user_namespace.c',
    steps: [MAKES_USER_NAMESPACE],
  },
  {
    cve: 'CVE-2019-13272',
    what: 'traced process keeps a parent with rights',
    at: 'ptrace_link() in kernel/ptrace.c',
    steps: [[{ call: 'ptrace', args: [TRACEME] }], calls('execve', 'execveat')],
  },
  {
    cve: 'CVE-2020-14386',
    what: 'packet written outside its buffer',
    at: 'tpacket_rcv() in net/packet/af_packet.c',
    steps: [PACKETS],
    needs: inUserNamespace('CAP_NET_RAW'),
  },
  {
    cve: 'CVE-2021-3490',
    what: 'BPF verifier takes wrong bounds',
    at: 'scalar32_min_max_and() in kernel/bpf/verifier.c',
    steps: [BPF],
  },
  {
    cve: 'CVE-2021-26708',
    what: 'vsock race',
    at: 'net/vmw_vsock/af_vsock.c',
    steps: [sockets('VSOCK', [SOCK.STREAM])],
  },
  {
    cve: 'CVE-2021-33909',
    what: 'mountinfo of a very long path',
    at: 'seq_buf_alloc() in fs/seq_file.c',
    steps: [[...MOUNTS, ...calls('open_tree')]],
    needs: inUserNamespace('CAP_SYS_ADMIN'),
  },
  {
    cve: 'CVE-2021-41073',
    what: 'io_uring frees what is not its own',
    at: 'loop_rw_iter() in fs/io_uring.c',
    steps: [IO_URING],
  },
  {
    cve: 'CVE-2022-0185',
    what: 'mount option beyond its page',
    at: 'legacy_parse_param() in fs/fs_context.c',
    steps: [calls('fsopen', 'fspick'), calls('fsconfig')],
    needs: inUserNamespace('CAP_SYS_ADMIN'),
  },
  {
    cve: 'CVE-2022-0492',
    what: 'release agent of control groups',
    at: 'cgroup_release_agent_write() in kernel/cgroup/cgroup-v1.c',
    steps: [MOUNTS],
    needs: inUserNamespace('CAP_SYS_ADMIN'),
  },
  {
    cve: 'CVE-2022-0847',
    what: 'pipe writes into files (Dirty Pipe)',
    at: 'copy_page_to_iter_pipe() in lib/iov_iter.c',
    steps: [[...calls('splice', 'sendfile'), ...IO_URING]],
  },
  {
    cve: 'CVE-2022-1015',
    what: 'nf_tables register beyond its end',
    at: 'net/netfilter/nf_tables_api.c',
    steps: [netlink('NETFILTER')],
    needs: NET_ADMIN,
  },
  {
    cve: 'CVE-2022-2588',
    what: 'route classifier filter freed twice',
    at: 'route4_change() in net/sched/cls_route.c',
    steps: [netlink('ROUTE')],
    needs: NET_ADMIN,
  },
  {
    cve: 'CVE-2022-29582',
    what: 'io_uring timeout race',
    at: 'io_flush_timeouts() in fs/io_uring.c',
    steps: [IO_URING],
  },
  {
    cve: 'CVE-2023-0386',
    what: 'overlayfs copies a set-user-ID file up',
    at: 'ovl_copy_up_one() in fs/overlayfs/copy_up.c',
    steps: [MOUNTS],
    needs: inUserNamespace('CAP_SYS_ADMIN'),
  },
  {
    cve: 'CVE-2023-2598',
    what: 'io_uring buffer beyond its pages',
    at: 'io_sqe_buffer_register() in io_uring/rsrc.c',
    steps: [IO_URING],
  },
  {
    cve: 'CVE-2023-32233',
    what: 'nf_tables anonymous set used after it is freed',
    at: 'nf_tables_deactivate_set() in net/netfilter/nf_tables_api.c',
    ...NF_TABLES,
  },
  {
    cve: 'CVE-2024-1086',
    what: 'nf_tables verdict used after it is freed',
    at: 'nft_verdict_init() in net/netfilter/nf_tables_api.c',
    ...NF_TABLES,
  },
];
