/** One look at the processes of a unit. */

import { groupBy } from '../../collections.js';
import type { UserError } from '../../diagnostic.js';
import { unitGroups } from '../../machine/state/control-group.js';
import { orElse } from '../../machine/state/failures.js';
import { fileText, PROGRAM_WITHIN, readStatus } from '../../machine/state/process-status.js';
import type { System } from '../../machine/system.js';
import { abisOf } from '../../seccomp/syscalls/abi.js';
import type { Get } from '../../systemd/directives/directive.js';
import { loadedLines } from '../../systemd/directives/loaded.js';
import { findDirective } from '../../systemd/directives/table.js';
import { INFINITY } from '../../systemd/directives/values/bus.js';
import { expectedMounts } from '../../systemd/directives/values/mounts.js';
import type { StartFilters } from '../kernel/loaded-filters.js';
import type { UnitFilters } from '../kernel/unit-filters.js';
import {
  type CheckedDirective,
  EQUAL,
  type Finding,
  gravest,
  hidden,
  looser,
  type ProcessFinding,
  stricter,
} from './finding.js';
import { pathsToFollow } from './mounts.js';
import {
  capabilities,
  type Failures,
  mountsOf,
  type ProbedUnit,
  readUnitProcesses,
  readView,
  readViews,
  type SeenProcess,
} from './processes.js';
import { apart, checkDirective, createOfMounts, type ExpectedValues, isSeen } from './table.js';

/** A finding about a directive in one process; without a process it is about the unit's control group. */
export interface DirectiveFinding {
  readonly directive: string;
  readonly process: SeenProcess | undefined;
  readonly finding: Finding;
}

export interface ProbeResult {
  readonly seen: readonly DirectiveFinding[];
  /** Whether there was no process to look at. */
  readonly isEmpty: boolean;
  /** The reason why one of the processes could not be looked at; undefined if all were. */
  readonly failure: UserError | undefined;
}

/** Directives to look for, and where. */
interface ProbeRequest {
  readonly directives: readonly string[];
  /** Processes of the unit that read-filters has seen; `main`: its main process alone. */
  readonly pids: readonly number[] | 'main';
  /** The filters that were read just before. */
  readonly read?: UnitFilters | undefined;
  /** The folders that the unit's own are below; undefined for those of the system's manager. */
  readonly bases?: ReadonlyMap<string, string> | undefined;
  /** Reads the filters of the unit's threads, where a directive is seen by these. */
  readonly readFilters?: () => Promise<UnitFilters>;
}

/** The most looks: a process that systemd is about to start has yet to be confined. */
const LOOKS = 3;

/** Compares directives of a unit with what its processes show, again where one is looser that runs since its start. */
export async function lastingProbe(
  system: System,
  subject: ProbedUnit,
  asked: ProbeRequest,
): Promise<ProbeResult> {
  let found = await look(system, subject, asked);
  for (let looks = 1; looks < LOOKS && found.seen.some((one) => isLooser(one)); looks++) {
    await system.wait(PROGRAM_WITHIN);
    found = await look(system, subject, { ...asked, read: undefined });
  }
  return found;
}

/** Whether a directive is looser in a process of the present run, or in one of before. */
const isLooser = ({ finding, process: of }: DirectiveFinding, isOld = false): boolean =>
  finding.relation === 'looser' && (of?.isOld ?? false) === isOld;

const FREE = hidden('its command may have a prefix that exempts it from confinement');

async function look(system: System, subject: ProbedUnit, asked: ProbeRequest): Promise<ProbeResult> {
  const ofGroup = asked.directives.filter((name) => GROUP_LIMITS.has(name));
  const directives = asked.directives.filter((name) => !GROUP_LIMITS.has(name));
  const failures: Failures = new Map();
  const namespaces = directives.some((name) => isSeen(name, 'capabilities', 'mounts', 'namespaces'));
  const whole = asked.read && allIn(asked.read);
  const sought = { pids: whole ?? asked.pids, areAll: whole !== undefined, namespaces };
  const all = await readUnitProcesses(system, subject, sought, failures);
  const isEmpty = all.length === 0;
  const seen = [
    ...(await seenInProcesses(system, subject, { ...asked, directives }, all, failures)),
    ...(isEmpty || ofGroup.length === 0 ? [] : await seenOfGroup(system, subject, ofGroup)),
  ];
  return { seen, isEmpty, failure: [...failures.values()][0] };
}

/** The processes in a reading of all of a unit's threads; undefined where some may be missing. */
const allIn = ({ threads, hidden, foreign, settled }: UnitFilters): readonly number[] | undefined =>
  settled && threads.length > 0 && hidden.size + foreign === 0 ? threads.map(({ pid }) => pid) : undefined;

async function seenInProcesses(
  system: System,
  subject: ProbedUnit,
  asked: ProbeRequest,
  all: readonly SeenProcess[],
  failures: Failures,
): Promise<DirectiveFinding[]> {
  const expected = await readExpected(system, subject, asked);
  const main = all.find(({ pid }) => pid === subject.unit.mainPid);
  const isOthersUsers = (one: SeenProcess) => apart('user', one, expected) === EQUAL;
  // The namespaces of one from before the unit's start may be those of the unit's run of then.
  const hasOwnMounts = (one: SeenProcess) =>
    !one.isOld &&
    main !== undefined &&
    apart('mnt', one, expected) === EQUAL &&
    apart('mnt', one, main) === EQUAL;
  // Links are followed by a process in the manager's user namespace, if there is one.
  const nearest = all.toSorted((a, b) => Number(isOthersUsers(a)) - Number(isOthersUsers(b)));
  const views = expected.host && (await readViews(system, nearest, expected.paths, failures));
  const isFiltered = asked.directives.some((name) => isSeen(name, 'filters'));
  const filters = isFiltered ? await filtersOf(all, asked) : undefined;
  const seen: DirectiveFinding[] = [];
  for (const some of groupBy(all, (one) => `${mountsOf(one)} ${hasOwnMounts(one)}`).values()) {
    const [first] = some as [SeenProcess];
    const mounts = createOfMounts(expected, first, views?.get(mountsOf(first)), hasOwnMounts(first));
    for (const one of some) {
      const hasOwnUsers = !one.isOld && isOthersUsers(one);
      const checked = { process: one, mounts, filters: filters?.get(one.pid), hasOwnUsers };
      for (const directive of asked.directives) {
        const finding = one.isFree && isSeen(directive) ? FREE : checkDirective(directive, expected, checked);
        seen.push({ directive, process: one, finding });
      }
    }
  }
  return seen;
}

/**
 * The filters of processes; undefined if not all of them can be read. They are read again if a process was started since:
 * a program takes its filters along, so that those of the others are the same.
 */
async function filtersOf(
  all: readonly SeenProcess[],
  { read: before, readFilters }: ProbeRequest,
): Promise<ReadonlyMap<number, readonly StartFilters[]> | undefined> {
  const known = before && byProcess(before);
  if (known && all.every(({ pid }) => known.has(pid))) return known;
  return readFilters && (await orElse(async () => byProcess(await readFilters()), undefined));
}

const byProcess = ({ threads, hidden: unread }: UnitFilters) =>
  unread.size > 0 ? undefined : groupBy(threads, ({ pid }) => pid);

/** Expected values of the processes, and followed paths. A user's manager has the view of this program. */
async function readExpected(
  system: System,
  { plan, unit }: ProbedUnit,
  { directives, bases }: ProbeRequest,
): Promise<ExpectedValues & { readonly paths: readonly string[] }> {
  const get: Get = (property) => unit.properties.get(property);
  const manager = plan.target.scope === 'user' ? 'self' : 1;
  const status = await readStatus(system, `${manager}`);
  const lines = loadedLines(get, bases);
  const expectations = directives.flatMap((name) => expectedMounts(lines, name));
  const paths = expectations.length > 0 ? [...new Set(pathsToFollow(lines, expectations))] : [];
  const isMounted = directives.some((name) => isSeen(name, 'mounts'));
  return {
    ...{ get, bases, paths },
    abi: abisOf(plan.target.machine)[0]!,
    known: status ? capabilities(status, 'CapBnd') : 0n,
    namespaces: await system.links(`/proc/${manager}/ns`),
    host: isMounted ? await readView(system, manager, paths) : undefined,
  };
}

async function seenOfGroup(
  system: System,
  { unit }: ProbedUnit,
  directives: readonly string[],
): Promise<DirectiveFinding[]> {
  const get: Get = (property) => unit.properties.get(property);
  const files = new Map<string, string>();
  for (const folder of await unitGroups(system, unit)) {
    for (const name of GROUP_FILES) {
      const text = await fileText(system, `${folder}/${name}`);
      if (text !== undefined) files.set(name, text.trim());
    }
  }
  return directives.map((directive) => ({
    ...{ directive, process: undefined, finding: groupLimited(get, directive, files) },
  }));
}

/** Directives, each with its findings. */
export function checkedDirectives(
  names: readonly string[],
  seen: readonly DirectiveFinding[],
): CheckedDirective[] {
  const byName = groupBy(seen, ({ directive }) => directive);
  return names.map((directive) => {
    const findings = findingsOf(byName.get(directive) ?? []);
    const relation = gravest(findings.map((one) => one.relation));
    return { directive, at: undefined, relation, findings };
  });
}

const findingsOf = (seen: readonly DirectiveFinding[]): ProcessFinding[] =>
  [
    ...groupBy(seen, (one) => `${one.finding.relation} ${isLooser(one, true)} ${one.finding.seen}`).values(),
  ].map((some) => ({
    ...some[0]!.finding,
    isLeftOver: isLooser(some[0]!, true),
    processes: some.flatMap(({ process: of }) => (of ? [{ pid: of.pid, name: of.name }] : [])),
  }));

/** The largest page of the machines that have a launcher, in bytes: memory is limited in pages. */
const PAGE = 1 << 16;

/** Files of cgroup v2 by directive (Documentation/admin-guide/cgroup-v2.rst of the kernel), and the most by which the kernel rounds. */
export const GROUP_LIMITS: ReadonlyMap<string, { readonly file: string; readonly rounds: number }> = new Map([
  ['CPUQuota', { file: 'cpu.max', rounds: 10_000 }],
  ['MemoryHigh', { file: 'memory.high', rounds: PAGE }],
  ['MemoryMax', { file: 'memory.max', rounds: PAGE }],
  ['MemorySwapMax', { file: 'memory.swap.max', rounds: PAGE }],
  ['MemoryZSwapMax', { file: 'memory.zswap.max', rounds: PAGE }],
  ['TasksMax', { file: 'pids.max', rounds: 0 }],
]);

/** The file by which cgroup v2 is known. */
const CONTROLLERS = 'cgroup.controllers';

const GROUP_FILES = [CONTROLLERS, ...[...GROUP_LIMITS.values()].map(({ file }) => file)];

/** The limit that a file has, of a share of a processor in microseconds a second: `50000 100000`; infinite where there is none. */
function limitIn(text: string): number {
  const [limit, period] = /^(\d+)(?: (\d+))?$/.exec(text)?.slice(1) ?? [];
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  return period === undefined ? Number(limit) : (Number(limit) / Number(period)) * 1e6;
}

/** @param files the text of files of the unit's control group by their names */
export function groupLimited(get: Get, directive: string, files: ReadonlyMap<string, string>): Finding {
  const { file, rounds } = GROUP_LIMITS.get(directive)!;
  const wanted = get(findDirective(directive)!.bus.property);
  if (typeof wanted !== 'bigint' || wanted === INFINITY) return EQUAL;
  if (!files.has(CONTROLLERS)) return hidden('the control group is not shown');
  const text = files.get(file);
  if (text === undefined) return looser(`the control group has no ${file}`);
  const over = limitIn(text) - Number(wanted);
  if (over > rounds) return looser(`${file} is '${text}'`);
  return over < -rounds ? stricter(`${file} is '${text}'`) : EQUAL;
}
