/** One look at the processes of a unit. */

import { groupBy } from '../../collections.js';
import { UserError } from '../../diagnostic.js';
import type { Get } from '../../directives/directive.js';
import { findDirective } from '../../directives/table.js';
import { claimsOf, pathsOfClaims } from '../../directives/values/mount-claims.js';
import { unitGroups } from '../../state/control-group.js';
import { PROGRAM_WITHIN, readStatus } from '../../state/process-status.js';
import { abisOf } from '../../syscalls/abi.js';
import type { System } from '../../system/system.js';
import { createLeftOver } from '../kernel/left-over.js';
import type { LoadedFilters } from '../kernel/loaded-filters.js';
import type { UnitFilters } from '../kernel/unit-filters.js';
import { GROUP_LIMITS, groupLimited } from './control-group.js';
import {
  type Finding,
  gravest,
  gravestFinding,
  type HeldDirective,
  type HeldFinding,
  hidden,
} from './finding.js';
import { isSet, loadedLines } from './loaded-lines.js';
import { textOf } from './read-processes.js';
import { readView } from './read-view.js';
import { capabilities, type SeenProcess, type View } from './seen-process.js';
import {
  asksForFilters,
  asksForMounts,
  asksForNamespaces,
  isSeen,
  judge,
  type Measure,
  NO_OWN_NAMESPACES,
  type OwnNamespaces,
} from './table.js';
import { mountsOf, readUnitProcesses, readViews, type Subject } from './unit-processes.js';

/** A finding about a directive in one process; without a process it is about the unit's control group. */
export interface Seen {
  readonly directive: string;
  readonly process: SeenProcess | undefined;
  readonly finding: Finding;
}

export interface Look {
  readonly seen: readonly Seen[];
  readonly isWhole: boolean;
  /** Whether there was no process to look at. */
  readonly isEmpty: boolean;
}

const NOTHING_ASKED: Look = { seen: [], isWhole: true, isEmpty: false };

/** Directives to look for, and where. */
export interface Asked {
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

/** Compares directives of a unit with what its processes show, again where something is looser. */
export async function lastingLook(system: System, subject: Subject, asked: Asked): Promise<Look> {
  let found = await look(system, subject, asked);
  for (let looks = 1; looks < LOOKS && found.seen.some(isLooser); looks++) {
    await system.wait(PROGRAM_WITHIN);
    const again = await look(system, subject, { ...asked, read: undefined });
    found = { ...again, seen: lasting(found.seen, again.seen) };
  }
  return found;
}

export const isLooser = ({ finding }: Seen): boolean => finding.relation === 'looser';

/**
 * The findings of a further look, without directives that are looser in it alone: systemd may be about to confine such a
 * process. It need not be the same process, since one may come after the other.
 */
function lasting(before: readonly Seen[], now: readonly Seen[]): Seen[] {
  const known = new Set(before.filter(isLooser).map(({ directive }) => directive));
  return now.filter((one) => !isLooser(one) || known.has(one.directive));
}

async function look(system: System, subject: Subject, asked: Asked): Promise<Look> {
  const { directives, pids, bases } = asked;
  if (directives.length === 0) return NOTHING_ASKED;
  const get: Get = (property) => subject.unit.properties.get(property);
  const ofGroup = directives.filter((name) => GROUP_LIMITS.has(name));
  const ofProcess = directives.filter((name) => !GROUP_LIMITS.has(name));
  const all = ofProcess.flatMap(withImplied);
  const namespaces = all.some(asksForNamespaces);
  const { held, free, isWhole } = await readUnitProcesses(system, subject, { pids, namespaces });
  const lines = loadedLines(get, bases);
  const claims = all.flatMap((name) => claimsOf(lines, name));
  const paths = all.some(asksForMounts) ? pathsOfClaims(lines, claims) : undefined;
  const measure = { ...(await readMeasure(system, subject, get, paths)), bases };
  const views = paths && measure.host ? await readViews(system, held, paths) : NO_VIEWS;
  const filters = all.some(asksForFilters) ? await filtersOf(held, asked) : NO_FILTERS;
  const ownNamespaces = createOwnNamespaces(subject, measure, held);
  const isLeftOver = await createLeftOver(system, subject.unit, new Set(held.map(({ pid }) => pid)));
  const ownOf = async (of: SeenProcess): Promise<OwnNamespaces> => {
    const own = namespaces ? ownNamespaces(of) : NO_OWN_NAMESPACES;
    // The namespace of one from before the unit's start may be that of the unit's run of then.
    return (own.users || own.mounts) && (await isLeftOver(of.pid)) ? NO_OWN_NAMESPACES : own;
  };
  const seenOf = async (of: SeenProcess): Promise<Seen[]> => {
    const judged = {
      ...{ process: of, own: await ownOf(of) },
      ...{ view: views.get(mountsOf(of)), filters: filters.get(of.pid) },
    };
    const findingOn = (directive: string): Finding =>
      gravestFinding(withImplied(directive).map((one) => judge(one, measure, judged)));
    return ofProcess.map((directive) => ({ directive, process: of, finding: findingOn(directive) }));
  };
  const seenFree = (process: SeenProcess): Seen[] =>
    ofProcess.filter(isSeen).map((directive) => ({ directive, process, finding: FREE }));
  const isEmpty = held.length + free.length === 0;
  const seen = [
    ...(await Promise.all(held.map(seenOf))).flat(),
    ...free.flatMap(seenFree),
    ...(isEmpty ? [] : await seenOfGroup(system, subject, get, ofGroup)),
  ];
  return { seen, isWhole, isEmpty };
}

const NO_VIEWS: ReadonlyMap<string, View> = new Map();

/**
 * Directives that DynamicUser= brings along (systemd.exec(5)), which the manager has as its own values. RemoveIPC= is left
 * out: no process shows it.
 */
const BROUGHT = ['NoNewPrivileges', 'PrivateTmp', 'ProtectHome', 'ProtectSystem', 'RestrictSUIDSGID'];

const withImplied = (directive: string): readonly string[] =>
  directive === 'DynamicUser' ? [directive, ...BROUGHT] : [directive];

type FiltersByProcess = ReadonlyMap<number, readonly LoadedFilters[]>;

const NO_FILTERS: FiltersByProcess = new Map();

/**
 * The filters of processes; none if not all of them can be read. They are read again if a process was started since: a
 * program takes its filters along, so that those of the others are the same.
 */
async function filtersOf(
  held: readonly SeenProcess[],
  { read: before, readFilters }: Asked,
): Promise<FiltersByProcess> {
  const known = before && byProcess(before);
  if (known && held.every(({ pid }) => known.has(pid))) return known;
  if (!readFilters) return NO_FILTERS;
  try {
    return byProcess(await readFilters());
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return NO_FILTERS;
  }
}

const byProcess = ({ threads, hidden }: UnitFilters): FiltersByProcess =>
  hidden.size > 0 ? NO_FILTERS : groupBy(threads, ({ pid }) => pid);

const FREE = hidden('it may be of a command with a prefix, which keeps confinement from it');

/**
 * The process whose view and namespaces are the manager's. A user's manager is in the same as this program.
 * @param paths that are followed in its view; undefined where that isn't read
 */
async function readMeasure(
  system: System,
  { plan }: Subject,
  get: Get,
  paths: readonly string[] | undefined,
): Promise<Omit<Measure, 'bases'>> {
  const manager = plan.target.scope === 'user' ? 'self' : 1;
  const status = await readStatus(system, `${manager}`);
  return {
    get,
    abi: abisOf(plan.target.machine)[0]!,
    known: status ? capabilities(status, 'CapBnd') : 0n,
    namespaces: await system.links(`/proc/${manager}/ns`),
    host: paths && (await readView(system, manager, paths)),
  };
}

/** The files that tell of a control group, the first of which tells that there is cgroup v2. */
const GROUP_FILES = ['cgroup.controllers', ...[...GROUP_LIMITS.values()].map(({ file }) => file)];

async function seenOfGroup(
  system: System,
  { unit }: Subject,
  get: Get,
  directives: readonly string[],
): Promise<Seen[]> {
  if (directives.length === 0) return [];
  const files = new Map<string, string>();
  for (const folder of await unitGroups(system, unit)) {
    for (const name of GROUP_FILES) {
      const text = await textOf(system, `${folder}/${name}`);
      if (text !== undefined) files.set(name, text.trim());
    }
  }
  return directives.map((directive) => ({
    directive,
    process: undefined,
    finding: groupLimited(get, directive, findDirective(directive)!.bus.property, files),
  }));
}

/** Tells whether a process is in namespaces that are neither the manager's nor those of the unit. */
function createOwnNamespaces(
  { plan, unit }: Subject,
  { get, namespaces }: Omit<Measure, 'bases'>,
  held: readonly SeenProcess[],
): (process: SeenProcess) => OwnNamespaces {
  const main = held.find(({ pid }) => pid === unit.mainPid)?.namespaces;
  const hasUsers =
    plan.target.scope === 'user' || isSet(get, 'PrivateUsers') || isSet(get, 'UserNamespacePath');
  const isOwn = (of: SeenProcess, name: string, units: string | undefined): boolean => {
    const its = of.namespaces.get(name);
    return units !== undefined && its !== units && its !== namespaces.get(name);
  };
  return (process) => ({
    users: isOwn(process, 'user', hasUsers ? main?.get('user') : namespaces.get('user')),
    mounts: isOwn(process, 'mnt', main?.get('mnt')),
  });
}

/** Directives, each with its findings. */
export function heldDirectives(names: readonly string[], seen: readonly Seen[]): HeldDirective[] {
  const byName = groupBy(seen, ({ directive }) => directive);
  return names.map((directive) => {
    const findings = findingsOf(byName.get(directive) ?? []);
    const relation = gravest(findings.map((one) => one.relation));
    return { directive, at: undefined, relation, findings };
  });
}

const findingsOf = (seen: readonly Seen[]): HeldFinding[] =>
  [...groupBy(seen, ({ finding }) => `${finding.relation} ${finding.seen}`).values()].map((some) => ({
    ...some[0]!.finding,
    processes: some.flatMap(({ process: of }) => (of ? [{ pid: of.pid, name: of.name }] : [])),
  }));
