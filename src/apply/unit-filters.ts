/** The filters of all threads of a unit, and which of them can't be seen. */
import { type Diagnostic, error } from '../diagnostic.js';
import type { Stack } from '../filter/stack.js';
import type { System, UnitProperties } from '../system/system.js';
import { readFilters, type ThreadFailure } from './installed-filters.js';
import { readStatus } from './process-status.js';
import { type UnitProcess, unitProcesses } from './unit-processes.js';

/** How often a unit that starts threads is looked at. */
const ROUNDS = 5;
const [EPERM, ESRCH, EACCES, ETIMEDOUT] = [1, 3, 13, 110];

export interface UnitFilters {
  /** Whether no thread is left. */
  readonly complete: boolean;
  readonly processes: readonly UnitProcess[];
  readonly stacks: ReadonlyMap<number, Stack>;
  readonly failed: readonly ThreadFailure[];
}

/** Reads until no thread is left that hasn't been looked at. */
export async function readUnit(
  system: System,
  unit: UnitProperties,
  reader: () => Promise<string>,
): Promise<UnitFilters> {
  const processes = new Map<number, UnitProcess>();
  const stacks = new Map<number, Stack>();
  const failed = new Map<number, ThreadFailure>();
  let complete = false;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await unitProcesses(system, unit);
    for (const one of found) processes.set(one.pid, one);
    const tids = found.flatMap((one) => one.tids).filter((tid) => !stacks.has(tid) && !failed.has(tid));
    complete = tids.length === 0;
    if (complete) break;
    const read = await readFilters(system, await reader(), tids);
    for (const { tid, stack } of read.threads) stacks.set(tid, stack);
    for (const failure of read.failed) failed.set(failure.tid, failure);
  }
  return { processes: [...processes.values()], stacks, failed: [...failed.values()], complete };
}

/** Threads whose filters the kernel doesn't show, by ID, and why: an errno, or 0 where it shows none that it has. */
export async function hiddenThreads(
  system: System,
  processes: readonly UnitProcess[],
  stacks: ReadonlyMap<number, Stack>,
  failed: readonly ThreadFailure[],
): Promise<Map<number, number>> {
  const hidden = new Map<number, number>();
  const processOf = new Map(processes.flatMap(({ pid, tids }) => tids.map((tid) => [tid, pid])));
  const status = (tid: number) => readStatus(system, `${processOf.get(tid)}/task/${tid}`);
  for (const { tid, errno } of failed) {
    // What has ended can't be traced either; until its parent asks for it, it is still there.
    const ended = errno === ESRCH || (errno === EPERM && isGone(await status(tid)));
    if (!ended) hidden.set(tid, errno);
  }
  for (const [tid, stack] of stacks) {
    if (stack.length > 0) continue;
    const mode = (await status(tid))?.get('Seccomp') ?? '0';
    if (['1', '2'].includes(mode)) hidden.set(tid, 0);
  }
  return hidden;
}

const isGone = (status: ReadonlyMap<string, string> | undefined): boolean =>
  status === undefined || /^[ZX]/.test(status.get('State') ?? '');

const WHY: ReadonlyMap<number, readonly [why: string, hint: string]> = new Map([
  [0, ['the kernel shows no filters', 'it needs CONFIG_CHECKPOINT_RESTORE']],
  [EPERM, ['they can not be traced', 'run it as root, and without a debugger on them']],
  [ETIMEDOUT, ['they can not be stopped', 'the parent of a vfork can not before its child is a program']],
  [EACCES, ['this takes CAP_SYS_ADMIN', 'run it as root, outside of any container']],
]);

/** One diagnostic a reason. */
export function unreadable(hidden: ReadonlyMap<number, number>): Diagnostic[] {
  return [...new Set(hidden.values())].map((errno) => {
    const tids = [...hidden].filter(([, other]) => other === errno).map(([tid]) => tid);
    const [why, hint] = WHY.get(errno) ?? [`errno ${errno}`, undefined];
    const message = `the filters of ${tids.length} threads (${tids[0]}${tids.length > 1 ? ', …' : ''}) can't be read back: ${why}`;
    return error('filters-unreadable', message, { hint });
  });
}
