/** One look at the processes of a unit. */

import { groupBy } from '../../collections.js';
import { UserError } from '../../diagnostic.js';
import type { Get } from '../../directives/directive.js';
import { findDirective } from '../../directives/table.js';
import { CLAIMS, claimsOf, pathsOfClaim } from '../../directives/values/mount-claims.js';
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
import { judge, type Measure } from './judges.js';
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
}

/**
 * Compares directives of a unit with what its processes show.
 * @param readFilters reads the filters of the unit's threads, where a directive is seen by these
 */
export async function look(
  system: System,
  planned: Planned,
  { directives, pids, read }: Asked,
  readFilters: () => Promise<UnitFilters>,
): Promise<Look> {
  const get: Get = (property) => planned.unit.properties.get(property);
  const { held, free, isWhole } = await readUnitProcesses(system, planned, pids);
  const lines = loadedLines(get);
  const ofGroup = directives.filter((name) => GROUP_LIMITS.has(name));
  const ofProcess = directives.filter((name) => !GROUP_LIMITS.has(name));
  const paths = ofProcess
    .flatMap(withImplied)
    .flatMap((name) => [...claimsOf(lines, name).flatMap(pathsOfClaim), ...pathsOfJoined(get, name)]);
  const measure = await readMeasure(system, planned, get, paths);
  const views =
    measure.host && paths.length > 0 ? await readViews(system, held, paths) : new Map<string, View>();
  const filters = ofProcess.flatMap(withImplied).some(hasSamples)
    ? await filtersOf(held, read, readFilters)
    : NO_FILTERS;
  const soften = createSoften(planned, measure, held);
  const isLeftOver = await createLeftOver(system, planned.unit, new Set(held.map(({ pid }) => pid)));
  const seenOf = (of: SeenProcess): Promise<Seen[]> => {
    const judged = { process: of, view: views.get(mountsOf(of)), filters: filters.get(of.pid) };
    const findingOf = async (directive: string): Promise<Finding> => {
      const finding = judge(directive, measure, judged);
      const softened = soften(directive, of, finding);
      // The namespace of one from before the unit's start may be that of the unit's run of then.
      return softened !== finding && (await isLeftOver(of.pid)) ? finding : softened;
    };
    const findingOn = async (directive: string): Promise<Finding> =>
      gravestFinding(await Promise.all(withImplied(directive).map(findingOf)));
    return Promise.all(
      ofProcess.map(async (directive) => ({ directive, process: of, finding: await findingOn(directive) })),
    );
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
): Promise<Measure> {
  const manager = plan.target.scope === 'user' ? 'self' : 1;
  const status = await readStatus(system, `${manager}`);
  return {
    get,
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

/** Directives about what a namespace of the process's own changes. */
const OF_MOUNTS: ReadonlySet<string> = new Set([...CLAIMS.keys(), 'ProcSubset', 'ProtectProc']);
const OF_CAPABILITIES: ReadonlySet<string> = new Set([
  'AmbientCapabilities',
  'CapabilityBoundingSet',
  'ProtectClock',
]);

/**
 * A service may make namespaces itself, as browsers and engines of containers do. What is looser only in there isn't
 * held against it: capabilities of a user namespace reach no further, and mounts are the namespace's own.
 */
function createSoften(
  { plan, unit }: Planned,
  { get, namespaces }: Measure,
  processes: readonly SeenProcess[],
): (directive: string, process: SeenProcess, finding: Finding) => Finding {
  const main = processes.find(({ pid }) => pid === unit.mainPid);
  const hasUsers =
    plan.target.scope === 'user' || isSet(get, 'PrivateUsers') || isSet(get, 'UserNamespacePath');
  const isOwn = (of: SeenProcess, name: string, units: string | undefined): boolean => {
    const its = of.namespaces.get(name);
    return units !== undefined && its !== units && its !== namespaces.get(name);
  };
  return (directive, process, finding) => {
    if (finding.relation !== 'looser') return finding;
    const units = hasUsers ? main?.namespaces.get('user') : namespaces.get('user');
    const isUserOwn = isOwn(process, 'user', units);
    const isMountOwn = isOwn(process, 'mnt', main?.namespaces.get('mnt'));
    if (isUserOwn && (OF_MOUNTS.has(directive) || OF_CAPABILITIES.has(directive))) return OWN_USERS;
    return isMountOwn && OF_MOUNTS.has(directive) ? OWN_MOUNTS : finding;
  };
}

const OWN_USERS = unseen('it is in a user namespace of its own');
const OWN_MOUNTS = unseen('it is in a mount namespace of its own');
