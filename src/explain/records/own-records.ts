/** Tells which of the kernel's records are of a unit's processes. */

import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';
import type { HeardRecord } from './heard.js';
import { SEEN, type Sighting, sightingsIn, whoseAt } from './journal.js';
import { isWithin, type Lifetimes, lifetimes } from './lifetimes.js';
import type { UnitCall } from './record.js';
import type { UserManager } from './user-manager.js';

/** The unit whose records are looked for. */
export interface Owner {
  readonly unit: string;
  readonly manager: UserManager;
  readonly state: UnitState;
  /** Paths of its programs. */
  readonly programs: readonly string[];
  /** The start of the search, in milliseconds since 1970. */
  readonly since: number;
}

/** The most output of a log that is read, in characters. */
export const LIMIT = 32 << 20;
export const JOURNAL = ['journalctl', '--quiet', '--no-pager', '--output=json'];

/** PROC_PID_INIT_INO (linux/proc_ns.h): the PID namespace by which the kernel's records count. */
export const INITIAL_NAMESPACE = 'pid:[4026531836]';

/**
 * The records of a unit's processes. A record is certain if its process was in the unit's control group, or if it was
 * the unit's by systemd at the time. So it is if journald saw the process in the unit before and after: a process ID
 * alone may have been another's. A guess is the record of a process that journald saw there once, or of an unseen one
 * that ran the unit's program. In a container all are guesses by the program, since the records' IDs are others than
 * here.
 */
export async function ofUnit(
  system: System,
  owner: Owner,
  records: readonly HeardRecord[],
): Promise<OwnCalls> {
  if (records.length === 0) return { calls: [], unowned: [] };
  const whose = await ownership(system, owner, records);
  const found = records.map((record) => ({ record, by: whose(record) }));
  const unowned = found.filter(({ record, by }) => by === 'unseen' && isStartedAs(owner, record));
  return {
    calls: found.flatMap(({ record, by }) => {
      if (by !== 'its' && by !== 'perhaps') return [];
      // A log of several machines may have processes of another one.
      return [{ ...record, certain: by === 'its' && record.node === undefined }];
    }),
    unowned: [...new Set(unowned.map(({ record }) => record.name))],
  };
}

/** The records of a unit's processes, and those of which nobody knows whether they are. */
interface OwnCalls {
  readonly calls: readonly UnitCall[];
  /** Names of processes. */
  readonly unowned: readonly string[];
}

/** Tells whose a record is. */
async function ownership(
  system: System,
  owner: Owner,
  records: readonly HeardRecord[],
): Promise<(record: HeardRecord) => ReturnType<typeof whoseAt>> {
  const programs = new Set(await Promise.all(owner.programs.map((path) => realPath(system, path))));
  const isProgram = ({ program }: HeardRecord) => program !== undefined && programs.has(program);
  const namespace = (await system.links('/proc/self/ns')).get('pid');
  if (namespace !== INITIAL_NAMESPACE) {
    return (record) => (isProgram(record) ? 'perhaps' : 'unseen');
  }
  const lives = await lifetimes(system, owner.state, pidsOf(records));
  const unknown = records.filter((record) => record.unit === undefined && !isLiving(lives, record));
  const from = `--since=@${Math.floor(owner.since / 1000)}`;
  const seen = await sightings(system, owner.manager, { from, pids: pidsOf(unknown) });
  return (record) => {
    const known = knownAs(owner, lives, record);
    if (known) return known;
    const sighted = whoseAt(seen.get(record.pid!), { unit: owner.unit, time: record.time });
    return sighted === 'unseen' && isProgram(record) && isStartedAs(owner, record) ? 'perhaps' : sighted;
  };
}

export const pidsOf = (records: readonly HeardRecord[]) => [...new Set(records.map(({ pid }) => pid!))];

/** The owner of a record by its process's control group or by systemd; undefined if these don't tell. */
function knownAs({ unit }: Owner, lives: Lifetimes, record: HeardRecord) {
  if (record.unit !== undefined && record.unit !== unit) return 'others';
  if (isLiving(lives, record)) return 'its';
  if (record.unit === undefined) return undefined;
  // The process with the ID may have been started since.
  return lives.has(record.pid!) ? 'perhaps' : 'its';
}

const isLiving = (lives: Lifetimes, { pid, time }: HeardRecord): boolean => isWithin(lives.get(pid!), time);

/**
 * Whether the process of a record may have been started as a service is. Anybody who logged in may run the program
 * under a filter of their own; systemd's services have no login but by PAM.
 */
export const isStartedAs = ({ manager, state }: Owner, { fromLogin }: HeardRecord): boolean =>
  !fromLogin || manager !== undefined || state.pamName !== '';

/** The path without links, as the kernel has it. */
export async function realPath(system: System, path: string): Promise<string> {
  const { status, stdout } = await system.run(['readlink', '--canonicalize', '--', path]);
  return status === 0 ? stdout.replace(/\n$/, '') : path;
}

/** The most processes that the journal is asked for at a time. */
const BATCH = 100;

/**
 * The entries by which journald saw processes, by their IDs; of many the last ones alone.
 * @param sought.from the option of journalctl(1) that says from when on
 */
export async function sightings(
  system: System,
  manager: UserManager,
  { from, pids }: { readonly from: string; readonly pids: readonly number[] },
): Promise<ReadonlyMap<number, readonly Sighting[]>> {
  if (pids.length === 0) return new Map();
  const { stdout } = await system.run(
    [
      ...[...JOURNAL, from, `--output-fields=_PID,${Object.values(SEEN).join()}`],
      ...pids.slice(-BATCH).map((pid) => `_PID=${pid}`),
    ],
    { limit: LIMIT },
  );
  return sightingsIn(stdout, manager);
}
