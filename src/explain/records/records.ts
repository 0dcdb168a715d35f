/** Audit records of a unit's refused calls. They carry a process and no unit: whose each is, is asked here. */

import { once, remember } from '../../collections.js';
import { isInUnit } from '../../machine/state/control-group.js';
import { orElse } from '../../machine/state/failures.js';
import { startOf, TICK } from '../../machine/state/process-status.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import { type AuditLog, readAuditLog } from './audit-log.js';
import type { AuditRecord, UnitCall } from './record.js';

/** The unit whose records are looked for. */
export interface Owner {
  readonly state: UnitState;
  /** Whether it is one of a user's manager. */
  readonly isUsers: boolean;
  /** Paths of its programs. */
  readonly programs: readonly string[];
  /** The start of the search, in milliseconds since 1970. */
  readonly since: number;
}

/**
 * Reasons why the calls of a unit aren't all known. `unreadable`: no record can be read; `container`: records don't tell
 * whose they are there; `incomplete`: the logs begin later, or may be kept by auditd alone; `lost`: some are missing;
 * `unowned`: some may be another's; `errno`: calls that fail with an errno leave none.
 */
export const UNSEEN = ['unreadable', 'container', 'incomplete', 'lost', 'unowned', 'errno'] as const;

export type Unseen = (typeof UNSEEN)[number];

/** Calls of a unit's processes, and why there may be more, or some of them another's. */
export interface FoundCalls {
  readonly calls: readonly UnitCall[];
  readonly unseen: readonly Unseen[];
}

/** PROC_PID_INIT_INO (linux/proc_ns.h): the PID namespace by which the kernel's records count. */
const INITIAL_NAMESPACE = 'pid:[4026531836]';

interface Logs extends AuditLog {
  readonly inContainer: boolean;
}

/** The records of a machine, which are read once, for whichever units are asked for. */
export class Records {
  readonly #system: System;
  readonly #logs: () => Promise<Logs>;

  /** @param since milliseconds since 1970; undefined: since boot */
  constructor(system: System, since?: number) {
    this.#system = system;
    this.#logs = once(async () => ({
      ...(await readAuditLog(system, since)),
      inContainer: (await system.links('/proc/self/ns')).get('pid') !== INITIAL_NAMESPACE,
    }));
  }

  /** Begins to read, while the command does something else. */
  begin(): void {
    // A failure is reported where the records are asked for.
    this.#logs().catch(() => undefined);
  }

  /**
   * The calls of a unit's processes that a filter refused or recorded. One is certain if its process is in the unit's
   * control group, or was its main process at that time, by systemd. It is a guess if a process with the unit's program has
   * ended, and in a container, where the records' process IDs are others than here.
   */
  async of(owner: Owner): Promise<FoundCalls> {
    const logs = await this.#logs();
    const calls: UnitCall[] = [];
    const records = logs.records.filter(({ time }) => time >= owner.since);
    const programs = records.length === 0 ? [] : await this.#pathsOf(owner);
    for (const record of records) {
      const by = logs.inContainer ? 'unknown' : await this.#whose(owner, record);
      // A log of several machines may have processes of another one.
      if (by === 'its') calls.push({ ...record, certain: record.node === undefined });
      if (by !== 'unknown' || !(logs.inContainer || isStartedAs(owner, record))) continue;
      if (programs.includes(record.program)) calls.push({ ...record, certain: false });
    }
    return { calls, unseen: unseenIn(logs, owner.since, calls) };
  }

  async #whose({ state }: Owner, { pid, time }: AuditRecord): Promise<'its' | 'unknown' | 'others'> {
    if (isEndedMain(state, pid, time)) return 'its';
    const started = await this.#start(pid);
    const booted = this.#system.now() - this.#system.uptime();
    // A process that was started since has the ID of the one that the record is of.
    if (started === undefined || time < booted + started / 1000 - INACCURACY) return 'unknown';
    const isOwn =
      [state.mainPid, state.controlPid].includes(pid) || (await isInUnit(this.#system, state, pid));
    if (!isOwn) return 'others';
    return (await startOf(this.#system, pid)) === started ? 'its' : 'unknown';
  }

  /** Paths of a unit's programs, and those without links. */
  async #pathsOf({ programs }: Owner): Promise<readonly (string | undefined)[]> {
    return [...programs, ...(await Promise.all(programs.map(this.#realPath)))];
  }

  /** When a process was started, in microseconds since boot. */
  readonly #start = remember((pid: number) => startOf(this.#system, pid));

  /** The path without links, as the kernel has it. */
  readonly #realPath = remember(async (path: string) => {
    const walked = await orElse(() => this.#system.walk(path), undefined);
    return walked?.real ?? path;
  });
}

/** The inaccuracy of a start, in milliseconds: a start, the boot and a record's time are each known to 10 ms. */
const INACCURACY = (2 * TICK) / 1000;

/** Whether a process was the main one at a time, and has ended. systemd reaps it only after it has noted the end. */
function isEndedMain(unit: UnitState, pid: number, time: number): boolean {
  const [from, to] = [unit.execMainStartTimestamp / 1000, unit.execMainExitTimestamp / 1000];
  return pid === unit.execMainPid && time >= from - INACCURACY && time <= to;
}

/**
 * Whether the process of a record may have been started as a service is. Anybody who logged in may run the program
 * under a filter of their own; systemd's services have no login but by PAM.
 */
const isStartedAs = ({ isUsers, state }: Owner, { fromLogin }: AuditRecord): boolean =>
  !fromLogin || isUsers || state.pamName !== '';

/** The kernel prints so many records in so many milliseconds, of the whole machine (printk_ratelimit()). */
const [BURST, INTERVAL] = [10, 5000];

/** Whether records since a time were left out, or may have been: the kernel says so only with a later one. */
const isFlooded = ({ limited, records, suppressed, lost }: AuditLog, since: number): boolean =>
  (lost > 0 && lost >= since) ||
  (limited &&
    ((suppressed > 0 && suppressed >= since) ||
      records.some(
        ({ time }, i) => time >= since && time - (records[i - BURST + 1]?.time ?? 0) <= INTERVAL,
      )));

function unseenIn(logs: Logs, since: number, calls: readonly UnitCall[]): Unseen[] {
  if (!logs.readable) return ['unreadable'];
  const isWhole = logs.begins !== undefined && logs.begins <= since && !logs.hasAuditd;
  const reasons: Readonly<Partial<Record<Unseen, boolean>>> = {
    container: logs.inContainer,
    incomplete: !isWhole,
    lost: isFlooded(logs, since),
    unowned: !logs.inContainer && calls.some(({ certain }) => !certain),
  };
  return UNSEEN.filter((reason) => reasons[reason] === true);
}
