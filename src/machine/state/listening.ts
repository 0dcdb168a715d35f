/** The sockets at which a service waits for others. */

import {
  inodesIn,
  type ListeningSocket,
  listeningSockets,
  SOCKET_TABLES,
} from '../../systemd/formats/listening-sockets.js';
import type { System } from '../system.js';
import type { UnitState } from '../unit-state.js';
import { processesOf } from './control-group.js';
import { orElse } from './failures.js';
import { fileText, readStatus } from './process-status.js';

export interface ServiceSocket extends ListeningSocket {
  /** Whether it is in another network namespace than this program, where the machine's clients don't reach it. */
  readonly isApart: boolean;
}

/** The largest table that is read, in bytes: a machine with more connections isn't looked at. */
const MAX_TABLE = 8 << 20;

/** The most processes that are looked at. */
const MOST_PROCESSES = 256;

/** The most descriptors that the processes of a service may have room for: each costs a call. */
const MOST_DESCRIPTORS = 1 << 18;

const SELF = 'self';

/** Sockets by their inodes, of a network namespace. */
type Sockets = ReadonlyMap<string, ServiceSocket>;

/** Sockets of network namespaces, by the namespaces: to read them is what a look costs. */
export type SocketsByNamespace = Map<string, Promise<Sockets>>;

/**
 * Finds the sockets at which a running service waits for others: those of its main process, and of the others in its control
 * group.
 * @param seen what looks at other services have read just before
 * @returns undefined where that can't be seen
 */
export const listeningOf = (
  system: System,
  state: UnitState,
  seen: SocketsByNamespace = new Map(),
): Promise<readonly ServiceSocket[] | undefined> =>
  orElse(async () => {
    const here = await namespaceOf(system, SELF);
    if (here === undefined) return undefined;
    const socketsOf = (namespace: string, pid: string): Promise<Sockets> => {
      const sockets = seen.get(namespace) ?? socketsIn(system, pid, { isApart: namespace !== here });
      seen.set(namespace, sockets);
      return sockets;
    };
    const found = new Map<string, ServiceSocket>();
    let room = 0;
    for (const pid of (await processesOf(system, state)).slice(0, MOST_PROCESSES)) {
      // For so many descriptors the kernel has made room; it takes back none (proc_pid_status(5)).
      room += Number((await readStatus(system, pid))?.get('FDSize') ?? 0);
      if (room > MOST_DESCRIPTORS) return undefined;
      const namespace = await namespaceOf(system, pid);
      const inodes = await socketInodes(system, pid);
      if (namespace === undefined || inodes.length === 0) continue;
      const [host, own] = [await socketsOf(here, SELF), await socketsOf(namespace, pid)];
      for (const inode of inodes) {
        // A socket that systemd hands over is in the namespace in which systemd has made it.
        const socket = own.get(inode) ?? host.get(inode);
        if (socket) found.set(inode, socket);
      }
    }
    return [...found.values()];
  }, undefined);

/** The inodes of the sockets that a process has open (proc_pid_fd(5)). */
async function socketInodes(system: System, pid: string): Promise<string[]> {
  const targets = [...(await system.links(`/proc/${pid}/fd`)).values()];
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

const namespaceOf = async (system: System, pid: string): Promise<string | undefined> =>
  (await system.links(`/proc/${pid}/ns`)).get('net');

async function socketsIn(
  system: System,
  pid: string,
  { isApart }: Pick<ServiceSocket, 'isApart'>,
): Promise<Sockets> {
  const all: [string, ServiceSocket][] = [];
  const counts = new Map<string, number>();
  for (const table of SOCKET_TABLES) {
    const text = (await fileText(system, `/proc/${pid}/net/${table}`, { limit: MAX_TABLE })) ?? '';
    for (const inode of inodesIn(table, text)) counts.set(inode, (counts.get(inode) ?? 0) + 1);
    // The kernel prints paths as they are: with a line break in one, any user could give a socket of others a path.
    const isOnce = (inode: string) => table !== 'unix' || counts.get(inode) === 1;
    for (const [inode, socket] of listeningSockets(table, text))
      if (isOnce(inode)) all.push([inode, { ...socket, isApart }]);
  }
  return new Map(all);
}

/** The ports that the kernel draws where a program asks for any, the first and the last; undefined where that can't be read. */
export async function drawnPorts(system: System): Promise<readonly [number, number] | undefined> {
  const text = await orElse(() => fileText(system, '/proc/sys/net/ipv4/ip_local_port_range'), undefined);
  const [, first, last] = /^(\d+)\s+(\d+)\s*$/.exec(text ?? '') ?? [];
  return first === undefined ? undefined : [Number(first), Number(last)];
}
