/**
 * Calls of 32-bit x86 that stand for many others. The first argument selects the call; the other arguments lie in
 * memory, or follow one register later.
 */
import type { Abi } from './abi.js';

export interface Multiplexer {
  /** The name of the call that a filter sees. */
  readonly call: string;
  /** The bits of the first argument, 32 bits wide, that the kernel looks at. */
  readonly mask: bigint;
  /**
   * The selected calls, by the masked first argument. The first call has the selector's name; the others do the same,
   * and a policy may name them instead.
   */
  readonly calls: ReadonlyMap<bigint, readonly string[]>;
}

/**
 * SYS_* in linux/net.h. The arguments of `socketcall` lie in memory, where a filter can't see them. SYS_SEND and
 * SYS_RECV make `sendto` and `recvfrom` without an address (net/socket.c); x86 has no numbers for `send` and `recv`.
 */
const SOCKETCALL: Multiplexer = {
  call: 'socketcall',
  mask: 0xffff_ffffn,
  calls: new Map([
    [1n, ['socket']],
    [2n, ['bind']],
    [3n, ['connect']],
    [4n, ['listen']],
    [5n, ['accept']],
    [6n, ['getsockname']],
    [7n, ['getpeername']],
    [8n, ['socketpair']],
    [9n, ['send', 'sendto']],
    [10n, ['recv', 'recvfrom']],
    [11n, ['sendto']],
    [12n, ['recvfrom']],
    [13n, ['shutdown']],
    [14n, ['setsockopt']],
    [15n, ['getsockopt']],
    [16n, ['sendmsg']],
    [17n, ['recvmsg']],
    [18n, ['accept4']],
    [19n, ['recvmmsg']],
    [20n, ['sendmmsg']],
  ]),
};

/**
 * Selectors of linux/ipc.h. The upper half of the first argument is a version, which a caller may set to anything
 * (ipc(2)).
 */
const IPC: Multiplexer = {
  call: 'ipc',
  mask: 0xffffn,
  calls: new Map([
    [1n, ['semop']],
    [2n, ['semget']],
    [3n, ['semctl']],
    [4n, ['semtimedop']],
    [11n, ['msgsnd']],
    [12n, ['msgrcv']],
    [13n, ['msgget']],
    [14n, ['msgctl']],
    [21n, ['shmat']],
    [22n, ['shmdt']],
    [23n, ['shmget']],
    [24n, ['shmctl']],
  ]),
};

/** The multiplexing calls by ABI; only x86 has any. */
export const MULTIPLEXED: ReadonlyMap<Abi, readonly Multiplexer[]> = new Map([['x86', [SOCKETCALL, IPC]]]);
