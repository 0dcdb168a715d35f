/** Records of refused calls for a command that looks at many units: each log is read once, not once a unit. */

import { once } from '../../collections.js';
import { startOf } from '../../state/process-status.js';
import type { System } from '../../system/system.js';
import { fileName } from '../../unit/path.js';
import { COREDUMPS, type CoreDump, coreDumpsIn, type Sighting, whoseAt } from './journal.js';
import { kernelRecords, type LoggedRecords } from './kernel-records.js';
import { isWithin, lifetimes } from './lifetimes.js';
import {
  INITIAL_NAMESPACE,
  isStartedAs,
  LIMIT,
  type Owner,
  pidsOf,
  realPath,
  sightings,
} from './own-records.js';
import type { AuditRecord, UnitCall } from './record.js';
import type { UserManager } from './user-manager.js';

/**
 * Reasons why the calls of a unit aren't all known. `unreadable`: no record can be read; `container`: records don't tell
 * whose they are there; `incomplete`: the logs begin later, or may be kept by auditd alone; `lost`: some are missing;
 * `unowned`: nobody knows whose some are; `errno`: calls that fail with an errno leave none.
 */
export const UNSEEN = ['unreadable', 'container', 'incomplete', 'lost', 'unowned', 'errno'] as const;

export type Unseen = (typeof UNSEEN)[number];

/** Calls of a unit's processes, and why there may be more, or some of them another's. */
export interface SeenCalls {
  readonly calls: readonly UnitCall[];
  readonly unseen: readonly Unseen[];
}

/** All that the logs have of this boot. */
interface Logs extends LoggedRecords {
  readonly records: readonly AuditRecord[];
  readonly inContainer: boolean;
  /** Whether auditd runs, which may keep records from other logs. */
  readonly hasAuditd: boolean;
  /** When those processes with records were started that live, in milliseconds since 1970. */
  readonly living: ReadonlyMap<number, number>;
  /** Processes that journald saw, of those that have records. */
  readonly seen: ReadonlyMap<number, readonly Sighting[]>;
}

/** The most output of the journal that is read, in characters: for many units a short look at the newest entries. */
const SHORT = LIMIT / 4;

/** The most processes that are looked at, those with the newest records. */
const MOST_PROCESSES = 1000;

const AUDITD = '/run/auditd.pid';

export class SharedRecords {
  readonly #system: System;
  readonly #manager: UserManager;
  readonly #logs: () => Promise<Logs>;
  readonly #paths = new Map<string, Promise<string>>();

  constructor(system: System, manager: UserManager) {
    this.#system = system;
    this.#manager = manager;
    this.#logs = once(() => this.#read());
  }

  /** Begins to read, while the command does something else. */
  begin(): void {
    // Whoever asks for records is told why there are none.
    this.#logs().catch(() => undefined);
  }

  /** The calls of a unit's processes that a filter refused or recorded. */
  async of(owner: Owner): Promise<SeenCalls> {
    const logs = await this.#logs();
    const records = logs.records.filter(({ time }) => time >= owner.since);
    const dumps = coreDumpsIn(logs.entries, owner.unit, this.#manager).filter(
      ({ time }) => time >= owner.since - SECOND,
    );
    const whose = logs.inContainer ? isUnseen : await this.#ownership(owner, records, { ...logs, dumps });
    const found: UnitCall[] = [];
    const programs = new Map<string | undefined, boolean>();
    let isUnowned = false;
    for (const record of records) {
      const by = whose(record);
      if (by === 'its') found.push({ ...record, certain: record.node === undefined });
      const isDoubtful = by === 'perhaps' || (by === 'unseen' && isStartedAs(owner, record));
      isUnowned ||= isDoubtful;
      if (isDoubtful && !programs.has(record.program))
        programs.set(record.program, await this.#isProgram(owner, record.program));
      if (isDoubtful && (by === 'perhaps' || programs.get(record.program)))
        found.push({ ...record, certain: false });
    }
    const isLost =
      isFlooded(logs, owner.since) || dumps.some((dump) => !records.some((record) => isOf(record, dump)));
    return { calls: found, unseen: unseenIn(logs, owner.since, { isUnowned, isLost }) };
  }

  async #read(): Promise<Logs> {
    const system = this.#system;
    const logged = await kernelRecords(system, { from: '--boot', also: COREDUMPS, limit: SHORT });
    const records = [...new Map(logged.records.map((record) => [record.id, record])).values()];
    const inContainer = (await system.links('/proc/self/ns')).get('pid') !== INITIAL_NAMESPACE;
    const pids = inContainer ? [] : pidsOf(records).slice(-MOST_PROCESSES);
    return {
      ...{ ...logged, records, inContainer },
      // Each unit looks through these for its own.
      entries: linesWith(logged.entries, 'COREDUMP_PID'),
      living: await livingOf(system, pids),
      seen: await sightings(system, this.#manager, { from: '--boot', pids }),
      hasAuditd: (await system.read(AUDITD)) !== undefined,
    };
  }

  /** Tells whose a record is, as far as processes that live, core dumps and journald do. */
  async #ownership(
    owner: Owner,
    records: readonly AuditRecord[],
    { living, seen, dumps }: Pick<Logs, 'living' | 'seen'> & { readonly dumps: readonly CoreDump[] },
  ): Promise<(record: AuditRecord) => ReturnType<typeof whoseAt>> {
    const pids = pidsOf(records).filter((pid) => living.has(pid));
    const lives = await lifetimes(this.#system, owner.state, pids);
    return (record) => {
      const pid = record.pid!;
      if (isWithin(lives.get(pid), record.time) || dumps.some((dump) => isOf(record, dump))) return 'its';
      // Its control group is another's.
      if (record.time >= (living.get(pid) ?? Number.POSITIVE_INFINITY)) return 'others';
      return whoseAt(seen.get(pid), { unit: owner.unit, time: record.time });
    };
  }

  /** Whether a record's program is one of the unit's, by which alone the record is a guess. */
  async #isProgram({ programs }: Owner, program: string | undefined): Promise<boolean> {
    if (program === undefined) return false;
    if (programs.includes(program)) return true;
    const alike = programs.filter((path) => fileName(path) === fileName(program));
    return (await Promise.all(alike.map((path) => this.#realPath(path)))).includes(program);
  }

  #realPath(path: string): Promise<string> {
    const known = this.#paths.get(path) ?? realPath(this.#system, path);
    this.#paths.set(path, known);
    return known;
  }
}

async function livingOf(system: System, pids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const booted = system.now() - system.uptime();
  const living = new Map<number, number>();
  for (const pid of pids) {
    const started = await startOf(system, pid);
    if (started !== undefined) living.set(pid, booted + started / 1000);
  }
  return living;
}

const linesWith = (text: string, word: string): string =>
  text
    .split('\n')
    .filter((line) => line.includes(word))
    .join('\n');

const isUnseen = () => 'unseen' as const;

/** The inaccuracy of a core dump's time, in milliseconds: the kernel gives it in whole seconds (core(5), %t). */
const SECOND = 1000;

const isOf = ({ pid, time }: AuditRecord, dump: CoreDump): boolean =>
  pid === dump.pid && Math.abs(time - dump.time) <= 2 * SECOND;

/** The kernel prints so many records in so many milliseconds, of the whole machine (printk_ratelimit()). */
const [BURST, INTERVAL] = [10, 5 * SECOND];

/** Whether records since a time were left out, or may have been: the kernel says so only with a later one. */
const isFlooded = ({ records, suppressedLast = 0 }: Logs, since: number): boolean =>
  suppressedLast >= since ||
  records.some(({ time }, i) => time >= since && time - (records[i - BURST + 1]?.time ?? 0) <= INTERVAL);

/** Doubts about the records of one unit. */
interface Doubts {
  readonly isUnowned: boolean;
  readonly isLost: boolean;
}

function unseenIn(logs: Logs, since: number, { isUnowned, isLost }: Doubts): Unseen[] {
  if (!logs.readable) return ['unreadable'];
  const isWhole = logs.audits && logs.begins !== undefined && logs.begins <= since && !logs.hasAuditd;
  const doubts: Readonly<Record<string, boolean>> = {
    container: logs.inContainer,
    incomplete: !isWhole,
    lost: isLost,
    unowned: isUnowned && !logs.inContainer,
  };
  return UNSEEN.filter((reason) => doubts[reason] === true);
}
