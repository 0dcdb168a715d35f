/** Diagnostics about threads that can't be given a filter. */

import type { Code } from '../../codes/subjects.js';
import { groupBy } from '../../collections.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { readStatus } from '../../machine/state/process-status.js';
import type { System } from '../../machine/system.js';
import { type Abi, abiOf, type Machine } from '../../seccomp/syscalls/abi.js';
import { errnoName } from '../../seccomp/syscalls/errno.js';
import { nameOf } from '../../seccomp/syscalls/numbers.js';
import type { TightenFinding, TightenReason } from './parse-report.js';

interface ReasonRow {
  /** Default: `thread-stuck`. */
  readonly code?: Code;
  /** The end of a sentence that begins with a thread, or with nothing where `isAlone`. */
  readonly says: (numbers: readonly number[], facts: ReportFacts) => string;
  readonly hint?: string;
  /** Whether the sentence is about no thread. */
  readonly isAlone?: true;
}

interface ReportFacts {
  readonly machine: Machine;
  /** The name of a process that traces, where it is there. */
  readonly tracer: string;
}

const STUCK = 'thread-stuck';

const AGAIN = 'run it again; if it keeps failing, apply a policy and restart the unit';
const LOST = 'another program may be writing to its memory: check the processes of its user';

const withErrno =
  (what: string) =>
  ([errno = 0]: readonly number[]) =>
    `${what}: ${errnoName(errno) ?? `error ${errno}`}`;

const always = (what: string) => () => what;

const ROWS: Readonly<Record<TightenReason, ReasonRow>> = {
  waits: {
    says: ([nr = 0, arch = 0], { machine }) =>
      `waits in ${callText(machine, arch, nr)}, which the filter refuses: the call would fail when it continues`,
    hint: 'leave the call out, or try again when no thread waits in it',
  },
  traced: {
    says: ([pid], { tracer }) => `is traced by process ${pid}${tracer}`,
    hint: 'end the debugger or the strace that traces it',
  },
  untraceable: {
    says: withErrno("can't be stopped"),
    hint: 'run it on the host, outside of any container; with kernel.yama.ptrace_scope=3 only [syscalls] and a restart can refuse calls until the next boot',
  },
  stuck: {
    says: always("can't be stopped: it waits for a device, or for a child that has yet to exec"),
    hint: AGAIN,
  },
  privileges: {
    says: always('may not load a filter: it has neither no_new_privs nor CAP_SYS_ADMIN'),
    hint: "'tighten --no-new-privileges' sets no_new_privs, and so does refusing both execve and execveat; in a policy, 'NoNewPrivileges = true' sets it from the next start on",
  },
  strict: { says: always("is in seccomp's strict mode, which takes no filter") },
  foreign: {
    says: ([count]) => `${count} threads are in a PID namespace that can't be seen from here`,
    hint: 'run it on the host',
    isAlone: true,
  },
  unsettled: {
    says: always('it starts threads faster than they can be stopped'),
    hint: AGAIN,
    isAlone: true,
  },
  unlisted: {
    says: withErrno("the threads of its control group can't be listed"),
    isAlone: true,
  },
  empty: {
    code: 'not-running',
    says: always('it has no process to load the filter into'),
    isAlone: true,
  },
  elsewhere: {
    says: ([pid]) => `its main process ${pid} is in another control group`,
    hint: 'PAMName= of the unit may have moved it to a session',
    isAlone: true,
  },
  'no-call': {
    says: always('has no system call instruction, with which a filter could be loaded'),
  },
  compat: {
    says: always('runs 32-bit code, into which no filter can be loaded on arm64'),
  },
  dispatched: {
    says: always('handles its own system calls (PR_SET_SYSCALL_USER_DISPATCH of prctl(2))'),
  },
  sequence: {
    says: always('may be in a restartable sequence (rseq(2)), which only Linux 5.13 and later can show'),
    hint: AGAIN,
  },
  unmoving: {
    says: always("doesn't run: its control group may be frozen"),
    hint: "'systemctl thaw UNIT' resumes a frozen unit",
  },
  refused: {
    says: withErrno("can't load the filter"),
    hint: 'for ENOMEM, raise LimitAS= or vm.max_map_count, or restart the unit if it has many filters; for EAGAIN, raise LimitMEMLOCK=',
  },
  evaded: {
    says: always('made another call than the one that it was given'),
    hint: LOST,
  },
  missing: { says: always("doesn't have the filter that it loaded"), hint: LOST },
  unreadable: {
    says: withErrno("can't be read"),
    hint: 'run it on the host: it needs CAP_SYS_ADMIN, and a kernel with CONFIG_CHECKPOINT_RESTORE',
  },
};

const callText = (machine: Machine, arch: number, nr: number): string => {
  const id = abiOf(machine, arch, nr);
  const name = id && nameOf(id.abi, id.nr);
  if (id === undefined || name === undefined) return `call ${nr}`;
  return isNative(machine, id.abi) ? name : `${name} (${id.abi})`;
};

const isNative = (machine: Machine, abi: Abi): boolean => abi === machine;

/** Errors, one for all threads of which the same is true. Names of processes are hostile text. */
export async function findingErrors(
  system: System,
  unit: string,
  machine: Machine,
  findings: readonly TightenFinding[],
): Promise<Diagnostic[]> {
  const groups = groupBy(findings, ({ reason, numbers }) => `${reason} ${numbers.join()}`);
  const found: Diagnostic[] = [];
  for (const [first, ...more] of groups.values()) {
    const { tid, reason, numbers } = first!;
    const { code = STUCK, says, hint, isAlone } = ROWS[reason];
    const tracer = reason === 'traced' ? await nameIn(system, numbers[0]!) : '';
    const who = isAlone || tid === 0 ? '' : `thread ${tid}${await nameIn(system, tid)} `;
    const others = more.length > 0 ? ` (and ${more.length} more like it)` : '';
    const message = `${unit}: ${who}${says(numbers, { machine, tracer })}${others}`;
    found.push(error(code, message, { hint }));
  }
  return found;
}

/** The name of a thread in brackets; empty if it has ended. */
async function nameIn(system: System, tid: number): Promise<string> {
  const name = (await readStatus(system, `${tid}`))?.get('Name');
  return name === undefined ? '' : ` (${printable(name, 40)})`;
}
