/** Calls that systemd's own filters refuse for directives, held against a process's filters (seccomp-util.c of systemd). */

import { ProgramError, stackAction } from '../../seccomp/filter/simulate.js';
import { ABIS, type Abi } from '../../seccomp/syscalls/abi.js';
import { permits } from '../../seccomp/syscalls/action.js';
import { constantValue } from '../../seccomp/syscalls/constants.js';
import { numbersOf } from '../../seccomp/syscalls/numbers.js';
import type { Get } from '../../systemd/directives/directive.js';
import { ADDRESS_FAMILIES } from '../../systemd/directives/kinds/names/families.js';
import { word } from '../../systemd/directives/loaded.js';
import type { StartFilters } from '../kernel/loaded-filters.js';
import { EQUAL, type Finding, hidden, looser, unseen } from './finding.js';
import type { SeenProcess } from './processes.js';

/** A call that a directive refuses; arguments that are not named are 0. */
interface RefusedSample {
  readonly call: string;
  readonly args: readonly bigint[];
  /** The call with its argument, for people: `unshare(CLONE_NEWUSER)`. */
  readonly shown: string;
}

const sample = (call: string, shown = call, ...args: readonly bigint[]): RefusedSample => ({
  call,
  args,
  shown,
});

const NAMESPACES = ['CGROUP', 'IPC', 'NET', 'NS', 'PID', 'USER', 'UTS'].map((name) => `CLONE_NEW${name}`);

/** The bus has the namespaces that stay permitted, as bits. */
function namespaces(get: Get, abi: Abi): RefusedSample[] {
  const permitted = get('RestrictNamespaces');
  return NAMESPACES.flatMap((name) => {
    const bit = constantValue(abi, name);
    if (bit === undefined || typeof permitted !== 'bigint' || (permitted & bit) !== 0n) return [];
    return [sample('unshare', `unshare(${name})`, bit)];
  });
}

function families(get: Get, abi: Abi): RefusedSample[] {
  const value = get('RestrictAddressFamilies');
  if (!Array.isArray(value) || !Array.isArray(value[1])) return [];
  const named = new Set(value[1].map((name) => constantValue(abi, String(name))));
  return ADDRESS_FAMILIES.flatMap((name) => {
    const family = constantValue(abi, name);
    const isRefused = family !== undefined && named.has(family) !== (value[0] === true);
    return isRefused ? [sample('socket', `socket(${name})`, family)] : [];
  });
}

/** ADDR_NO_RANDOMIZE of personality(2), and the mode of a program with a set-user-ID bit. */
const NO_RANDOMIZE = 0x40000n;
const SET_USER_ID = 0o4755n;
const SCHED_FIFO = 1n;
const WRITE_AND_EXEC = 6n;

const all =
  (...samples: readonly RefusedSample[]) =>
  (): readonly RefusedSample[] =>
    samples;

/** DynamicUser= brings it along. */
const SET_IDS = all(sample('fchmodat', 'fchmodat(S_ISUID)', 0n, 0n, SET_USER_ID));

type Samples = (get: Get, abi: Abi) => readonly RefusedSample[];

export const SAMPLES: ReadonlyMap<string, Samples> = new Map<string, Samples>([
  ['DynamicUser', SET_IDS],
  ['LockPersonality', all(sample('personality', 'personality(ADDR_NO_RANDOMIZE)', NO_RANDOMIZE))],
  ['MemoryDenyWriteExecute', all(sample('mmap', 'mmap(PROT_WRITE|PROT_EXEC)', 0n, 0n, WRITE_AND_EXEC))],
  ['PrivateDevices', all(sample('iopl'), sample('ioperm'))],
  ['ProtectClock', all(sample('clock_settime'), sample('settimeofday'))],
  ['ProtectHostname', (get) => (word(get, 'ProtectHostnameEx') === 'private' ? [] : [sample('sethostname')])],
  ['ProtectKernelLogs', all(sample('syslog'))],
  ['ProtectKernelModules', all(sample('init_module'), sample('finit_module'))],
  ['RestrictAddressFamilies', families],
  ['RestrictNamespaces', namespaces],
  ['RestrictRealtime', all(sample('sched_setscheduler', 'sched_setscheduler(SCHED_FIFO)', 0n, SCHED_FIFO))],
  ['RestrictSUIDSGID', SET_IDS],
]);

/** The finding where filters can't be read. */
export const UNREAD = hidden("systemd's own filter for it can't be read");

/** systemd asks the kernel for it without a filter, where Linux is 6.3 or newer (PR_SET_MDWE of prctl(2)). */
const WITHOUT_FILTER = 'MemoryDenyWriteExecute';

/**
 * Whether filters refuse the calls of a directive; no finding for a directive without such calls. Each call has one tried
 * argument: what the filters do with others isn't seen.
 * @param filters of all threads of a process; undefined where they can't be read
 */
export function ownFilter(
  { get, abi }: { readonly get: Get; readonly abi: Abi },
  directive: string,
  { threads }: Pick<SeenProcess, 'threads'>,
  filters: readonly StartFilters[] | undefined,
): readonly Finding[] {
  const numbers = numbersOf(abi);
  const samples = SAMPLES.get(directive)!(get, abi).filter(({ call }) => numbers.has(call));
  if (samples.length === 0) return [];
  const hasNone = threads.some((thread) => thread.get('Seccomp') === '0');
  if (directive !== WITHOUT_FILTER && hasNone) return [looser('it has no system call filter')];
  if (filters === undefined) return [UNREAD];
  const open = samples.find((one) => filters.some((some) => lets(some, one, abi)));
  if (!open) return [EQUAL];
  if (directive === WITHOUT_FILTER) return [unseen('the kernel may refuse it without a filter')];
  return [looser(`no filter refuses ${open.shown}`)];
}

/** Whether filters let a call through. A program that no call can be tried on refuses nothing. */
function lets({ stack }: StartFilters, { call, args }: RefusedSample, abi: Abi): boolean {
  const nr = numbersOf(abi).get(call)!;
  const registers = Array.from({ length: 6 }, (_, i) => args[i] ?? 0n);
  // The oldest come first: systemd's are among them.
  return stack.toReversed().every((program) => {
    try {
      return permits(stackAction([program], { arch: ABIS[abi].arch, nr, args: registers }));
    } catch (cause) {
      if (!(cause instanceof ProgramError)) throw cause;
      return true;
    }
  });
}
