/** Diagnostics about threads of a unit that can't be seen: which, why, and what would show them. */

import { type Diagnostic, error } from '../../diagnostic.js';
import { readStatus } from '../../machine/state/process-status.js';
import { isUp } from '../../machine/state/service-run.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import { outsideOfLogin, systemctl, withCapabilities } from '../../systemd/command-lines.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { ExpectedPolicy } from '../expected.js';
import type { UnitFilters } from './unit-filters.js';

/** Diagnostics about unseen threads of a unit; none if all are seen. */
export async function unseen(
  system: System,
  { unit, target: { scope }, filter }: Pick<ExpectedPolicy, 'unit' | 'target' | 'filter'>,
  state: UnitState,
  { threads, hidden, foreign, settled }: UnitFilters,
): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  if (hidden.size > 0) {
    const confined = (await readStatus(system, 'self'))?.get('Seccomp') === '2';
    found.push(...unreadable(hidden, { confined, scope, unit, permissive: filter?.log === true }));
  }
  if (threads.length + hidden.size + foreign === 0 && settled)
    found.push(isElsewhere(state) ? elsewhere(unit) : notRunning(unit, scope, state));
  if (foreign > 0) found.push(outside(unit, foreign));
  if (!settled) found.push(restless(unit));
  return found;
}

/** The circumstances of the reading, by which reasons and hints differ. */
export interface Asker {
  /** Whether a filter on this process itself keeps it from seeing others'. */
  readonly confined: boolean;
  readonly scope: Scope;
  readonly unit: string;
  /** Whether the command line asks for a permissive policy. */
  readonly permissive: boolean;
}

const [EPERM, E2BIG, EACCES, ETIME, ETIMEDOUT] = [1, 7, 13, 62, 110];

type UnknownReason = readonly [why: string, hint: string | undefined];

const OWN = 'the service itself has loaded most of them';

/** Reasons that don't depend on the circumstances. */
const WHY: ReadonlyMap<number, UnknownReason> = new Map([
  [0, ['the kernel shows no filters', 'it needs CONFIG_CHECKPOINT_RESTORE']],
  [E2BIG, ['together they are too large', OWN]],
  [ETIME, ['reading all of them takes too long', OWN]],
  [
    ETIMEDOUT,
    ["they can't be stopped", "a parent in vfork can't be stopped before its child calls execve: try again"],
  ],
]);

function reasonFor(errno: number, { confined, scope, unit, permissive }: Asker): UnknownReason {
  const known = WHY.get(errno);
  if (known) return known;
  const verify = permissive ? 'verify --permissive' : 'verify';
  if (confined) {
    const outside = scope === 'user' ? asUser(unit, verify) : outsideOfLogin(scope, verify, unit);
    return [
      'this process has a filter itself, such as the one of a confined ssh login',
      `run it without that filter: '${outside}'; in a container, run it on the host`,
    ];
  }
  const why =
    errno === EACCES
      ? 'this needs CAP_SYS_ADMIN'
      : errno === EPERM
        ? "they can't be traced"
        : `errno ${errno}`;
  if (scope === 'user') return [why, asUser(unit, verify)];
  if (errno === EPERM) return [why, 'run it as root, with no debugger attached to them'];
  return [why, errno === EACCES ? 'run it as root, outside of any container' : undefined];
}

/**
 * The command line for a user's unit: a user's manager serves that user alone, and the kernel asks for more than a user
 * has.
 */
const asUser = (unit: string, words: string): string =>
  withCapabilities('CAP_SYS_ADMIN CAP_SYS_PTRACE', words, unit);

/** One diagnostic for each reason. */
export function unreadable(hidden: ReadonlyMap<number, number>, asker: Asker): Diagnostic[] {
  return [...new Set(hidden.values())].map((errno) => {
    const tids = [...hidden].filter(([, other]) => other === errno).map(([tid]) => tid);
    const [why, hint] = reasonFor(errno, asker);
    const which = tids.length > 1 ? `${tids.length} threads (${tids[0]}, …)` : `thread ${tids[0]}`;
    const message = `the filters of ${which} can't be read back: ${why}`;
    return error('filters-unreadable', message, { hint });
  });
}

/** An error about a unit that has no processes. Where it has done its work, a start would leave none, either. */
export const notRunning = (unit: string, scope: Scope, state: UnitState): Diagnostic =>
  error('not-running', `${unit} has no process to check`, {
    hint:
      state.type === 'oneshot' || isUp(state)
        ? 'it has processes only while it works: verify it then'
        : systemctl(scope, 'start', unit),
  });

const isElsewhere = (unit: UnitState): boolean => isUp(unit) && unit.mainPid > 0 && unit.controlGroup !== '';

const elsewhere = (unit: string) =>
  error('processes-unseen', `${unit} is running, but none of its processes is in its control group`, {
    hint: 'PAMName= may have moved them to a session; otherwise see /sys/fs/cgroup',
  });

const outside = (unit: string, count: number) =>
  error('processes-unseen', `${count} threads of ${unit} are in a PID namespace that isn't seen from here`, {
    hint: 'run it outside of any container',
  });

const restless = (unit: string) =>
  error(
    'processes-unseen',
    `${unit} starts threads faster than they can be stopped: the newest were not checked`,
    {
      hint: 'a thread inherits the filters of the one that started it',
    },
  );
