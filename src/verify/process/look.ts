/** One look at the processes of a unit. */

import { groupBy } from '../../collections.js';
import { UserError } from '../../diagnostic.js';
import type { Get } from '../../directives/directive.js';
import { findDirective } from '../../directives/table.js';
import { claimsOf, pathsOfClaim } from '../../directives/values/mount-claims.js';
import { unitGroups } from '../../state/control-group.js';
import { readStatus } from '../../state/process-status.js';
import { abisOf } from '../../syscalls/abi.js';
import type { System } from '../../system/system.js';
import { createLeftOver } from '../kernel/left-over.js';
import type { LoadedFilters } from '../kernel/loaded-filters.js';
import type { UnitFilters } from '../kernel/unit-filters.js';
import type { Planned } from '../kernel/without-launcher.js';
import { GROUP_LIMITS, groupLimited } from './control-group.js';
import { type Finding, gravestFinding, unseen } from './finding.js';
import { asksForNamespaces, judge, type Measure, NO_OWN_NAMESPACES, type OwnNamespaces } from './judges.js';
import { isSet, loadedLines } from './loaded-lines.js';
import { pathsOfJoined } from './namespaces.js';
import { hasSamples } from './own-filters.js';
import { textOf } from './read-processes.js';
import { readView } from './read-view.js';
import { capabilities, type SeenProcess, type View } from './seen-process.js';
import { mountsOf, readUnitProcesses, readViews } from './unit-processes.js';

/** A finding about a directive in one process; without a process it is about the unit's control group. */
export interface Seen {
  readonly directive: string;
  readonly process: SeenProcess | undefined;
  readonly finding: Finding;
}

export interface Look {
  readonly seen: readonly Seen[];
  readonly isWhole: boolean;
}

/** Directives to look for, and processes of the unit that read-filters has seen. */
export interface Asked {
  readonly directives: readonly string[];
  readonly pids: readonly number[];
  /** The filters that were read just before. */
  readonly read?: UnitFilters | undefined;
  /** The folders that the unit's own are below; undefined for those of the system's manager. */
  readonly bases?: ReadonlyMap<string, string> | undefined;
}

/**
 * Compares directives of a unit with what its processes show.
 * @param readFilters reads the filters of the unit's threads, where a directive is seen by these
 */
export async function look(
  system: System,
  planned: Planned,
  { directives, pids, read, bases }: Asked,
  readFilters: () => Promise<UnitFilters>,
): Promise<Look> {
  if (directives.length === 0) return { seen: [], isWhole: true };
  const get: Get = (property) => planned.unit.properties.get(property);
  const namespaces = directives.some(asksForNamespaces);
  const { held, free, isWhole } = await readUnitProcesses(system, planned, { pids, namespaces });
  const lines = loadedLines(get, bases);
  const ofGroup = directives.filter((name) => GROUP_LIMITS.has(name));
  const ofProcess = directives.filter((name) => !GROUP_LIMITS.has(name));
  const paths = ofProcess
    .flatMap(withImplied)
    .flatMap((name) => [...claimsOf(lines, name).flatMap(pathsOfClaim), ...pathsOfJoined(get, name)]);
  const main = held.find(({ pid }) => pid === planned.unit.mainPid);
  const measure = { ...(await readMeasure(system, planned, get, paths)), main, bases };
  const views =
    measure.host && paths.length > 0 ? await readViews(system, held, paths) : new Map<string, View>();
  const filters = ofProcess.flatMap(withImplied).some(hasSamples)
    ? await filtersOf(held, read, readFilters)
    : NO_FILTERS;
  const ownNamespaces = createOwnNamespaces(planned, measure);
  const isLeftOver = await createLeftOver(system, planned.unit, new Set(held.map(({ pid }) => pid)));
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
  const seen = [
    ...(await Promise.all(held.map(seenOf))).flat(),
    ...free.flatMap((process) => ofProcess.map((directive) => ({ directive, process, finding: FREE }))),
    ...(held.length + free.length > 0 ? await seenOfGroup(system, planned, get, ofGroup) : []),
  ];
  return { seen, isWhole };
}

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
  before: UnitFilters | undefined,
  readFilters: () => Promise<UnitFilters>,
): Promise<FiltersByProcess> {
  const known = before && byProcess(before);
  if (known && held.every(({ pid }) => known.has(pid))) return known;
  try {
    return byProcess(await readFilters());
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return NO_FILTERS;
  }
}

const byProcess = ({ threads, hidden }: UnitFilters): FiltersByProcess =>
  hidden.size > 0 ? NO_FILTERS : groupBy(threads, ({ pid }) => pid);

const FREE = unseen('it may be of a command with a prefix, which keeps confinement from it');

/** The process whose view and namespaces are the manager's. A user's manager is in the same as this program. */
async function readMeasure(
  system: System,
  { plan }: Planned,
  get: Get,
  paths: readonly string[],
): Promise<Omit<Measure, 'main' | 'bases'>> {
  const manager = plan.target.scope === 'user' ? 'self' : 1;
  const status = await readStatus(system, `${manager}`);
  return {
    get,
    systemd: plan.target.systemd,
    abi: abisOf(plan.target.machine)[0]!,
    known: status ? capabilities(status, 'CapBnd') : 0n,
    namespaces: await system.links(`/proc/${manager}/ns`),
    host: paths.length > 0 ? await readView(system, manager, paths) : undefined,
  };
}

/** The files that tell of a control group, the first of which tells that there is cgroup v2. */
const GROUP_FILES = ['cgroup.controllers', ...[...GROUP_LIMITS.values()].map(({ file }) => file)];

async function seenOfGroup(
  system: System,
  { unit }: Planned,
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
  { plan }: Planned,
  { get, namespaces, main }: Measure,
): (process: SeenProcess) => OwnNamespaces {
  const hasUsers =
    plan.target.scope === 'user' || isSet(get, 'PrivateUsers') || isSet(get, 'UserNamespacePath');
  const isOwn = (of: SeenProcess, name: string, units: string | undefined): boolean => {
    const its = of.namespaces.get(name);
    return units !== undefined && its !== units && its !== namespaces.get(name);
  };
  return (process) => ({
    users: isOwn(process, 'user', hasUsers ? main?.namespaces.get('user') : namespaces.get('user')),
    mounts: isOwn(process, 'mnt', main?.namespaces.get('mnt')),
  });
}
