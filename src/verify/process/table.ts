/** Places to look at in a process, for each directive. */

import { groupBy } from '../../collections.js';
import type { Get } from '../../directives/directive.js';
import { TAKEN } from '../../directives/kinds/names/capabilities.js';
import { findDirective } from '../../directives/table.js';
import { ROOTS } from '../../directives/values/closed-paths.js';
import { CLAIMS, claimsOf } from '../../directives/values/mount-claims.js';
import type { Abi } from '../../syscalls/abi.js';
import type { LoadedFilters } from '../kernel/loaded-filters.js';
import { judgeClaim } from './claims.js';
import { EQUAL, type Finding, gravestFinding, hidden, unseen } from './finding.js';
import {
  ambientCapabilities,
  boundedCapabilities,
  isFiltered,
  noNewPrivileges,
  runsAs,
  withoutCapabilities,
} from './identity.js';
import { LIMITS, limited } from './limits.js';
import { isSet, loadedLines, word } from './loaded-lines.js';
import { apart, NAMESPACES } from './namespaces.js';
import { ownFilter, SAMPLES } from './own-filters.js';
import { procSubset, protectProc } from './proc-options.js';
import type { SeenProcess, View } from './seen-process.js';

/** Values and facts that processes of a unit are compared with. */
export interface Measure {
  readonly get: Get;
  /** The folders that the unit's own are below; undefined for those of the system's manager. */
  readonly bases?: ReadonlyMap<string, string> | undefined;
  /** The machine's own calling convention. */
  readonly abi: Abi;
  /** Capabilities that the kernel has, and the manager itself may have. */
  readonly known: bigint;
  /** The manager's namespaces by their names. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** The manager's own view; undefined where it isn't shown. */
  readonly host: View | undefined;
}

/** A process and its mounts, undefined where these aren't shown. */
export interface Judged {
  readonly process: SeenProcess;
  readonly view: View | undefined;
  /** The filters of its threads; undefined where they weren't read. */
  readonly filters: readonly LoadedFilters[] | undefined;
  readonly own: OwnNamespaces;
}

/** Whether a process is in namespaces that it may have made itself. */
export interface OwnNamespaces {
  readonly users: boolean;
  readonly mounts: boolean;
}

export const NO_OWN_NAMESPACES: OwnNamespaces = { users: false, mounts: false };

/**
 * A service may make namespaces itself, as browsers and engines of containers do. What is looser only in there isn't
 * held against it: capabilities of a user namespace reach no further, and mounts are the namespace's own. Filters come
 * along, so that these aren't excused.
 */
function excused(finding: Finding, { users, mounts }: OwnNamespaces, part: keyof OwnNamespaces): Finding {
  if (finding.relation !== 'looser') return finding;
  if (users) return OWN_USERS;
  return mounts && part === 'mounts' ? OWN_MOUNTS : finding;
}

const OWN_USERS = unseen('it is in a user namespace of its own');
const OWN_MOUNTS = unseen('it is in a mount namespace of its own');
const HIDDEN_MOUNTS = hidden('its mounts are not shown');

type Judge = (measure: Measure, judged: Judged, directive: string) => readonly Finding[];

/** A place to look at, and what is seen there. */
interface Look {
  readonly at: 'status' | 'capabilities' | 'limits' | 'namespaces' | 'mounts' | 'filters';
  readonly judge: Judge;
}

const ofStatus = (judge: (get: Get, process: SeenProcess) => Finding): Look => ({
  at: 'status',
  judge: ({ get }, { process }) => [judge(get, process)],
});

const ofCapabilities = (judge: (measure: Measure, process: SeenProcess, name: string) => Finding): Look => ({
  at: 'capabilities',
  judge: (measure, { process, own }, name) => [excused(judge(measure, process, name), own, 'users')],
});

const inNamespace = (name: string): Look => ({
  at: 'namespaces',
  judge: ({ namespaces }, { process }) => [apart(name, process, namespaces)],
});

/** Values of ProtectControlGroups= that put a unit into a namespace. */
const OWN_GROUPS: readonly string[] = ['private', 'strict'];

const OWN_CGROUPS: Look = {
  at: 'namespaces',
  judge: ({ get, namespaces }, { process }) =>
    OWN_GROUPS.includes(word(get, 'ProtectControlGroupsEx')) ? [apart('cgroup', process, namespaces)] : [],
};

/** Mounts, which tell nothing more of a process that has those of the manager. */
const inMounts = (
  judge: (measure: Measure, views: { readonly view: View; readonly host: View }, name: string) => Finding[],
): Look => ({
  at: 'mounts',
  judge: (measure, { process, view, own }, name) => {
    const outside = apart('mnt', process, measure.namespaces);
    if (outside.relation === 'looser' && !ROOTS.includes(name)) return [outside];
    if (!view || !measure.host) return [HIDDEN_MOUNTS];
    const found = judge(measure, { view, host: measure.host }, name);
    return found.map((one) => excused(one, own, 'mounts'));
  },
});

const PATHS: Look = {
  at: 'mounts',
  judge: (measure, judged, name) => {
    const lines = loadedLines(measure.get, measure.bases);
    const claims = claimsOf(lines, name);
    const look = inMounts((_, { view, host }) => claims.map((claim) => judgeClaim(claim, lines, view, host)));
    return claims.length > 0 ? look.judge(measure, judged, name) : [];
  },
};

const LIMIT: Look = {
  at: 'limits',
  judge: ({ get }, { process }, name) => [limited(get, name, process)],
};

const TAKES = ofCapabilities(({ get }, process, name) => withoutCapabilities(get, process, TAKEN.get(name)!));

const FILTER: Look = {
  at: 'filters',
  judge: ({ get, abi }, { process, filters }, name) => {
    const found = ownFilter(get, name, abi, { filters, isFiltered: isFiltered(process) });
    return found ? [found] : [];
  },
};

const rowsOf = (names: Iterable<string>, look: Look) => [...names].map((name) => [name, look] as const);

const USER = ofStatus(runsAs('UID', 'Uid'));
const GROUP = ofStatus(runsAs('GID', 'Gid'));

/** Each directive that a process shows, and where to look for it; some are seen at several places. */
const ROWS: readonly (readonly [directive: string, look: Look])[] = [
  ['AmbientCapabilities', ofCapabilities(({ get }, process) => ambientCapabilities(get, process))],
  [
    'CapabilityBoundingSet',
    ofCapabilities(({ get, known }, process) => boundedCapabilities(get, process, known)),
  ],
  ['DynamicUser', USER],
  ['DynamicUser', GROUP],
  ['Group', GROUP],
  ['NoNewPrivileges', ofStatus((_, process) => noNewPrivileges(process))],
  ['ProcSubset', inMounts(({ get }, { view }) => [procSubset(get, view)])],
  ['ProtectControlGroups', OWN_CGROUPS],
  ['ProtectProc', inMounts(({ get }, { view }) => [protectProc(get, view)])],
  ['User', USER],
  ...[...NAMESPACES].map(([directive, name]) => [directive, inNamespace(name)] as const),
  ...rowsOf(CLAIMS.keys(), PATHS),
  ...rowsOf(LIMITS.keys(), LIMIT),
  ...rowsOf(TAKEN.keys(), TAKES),
  ...rowsOf(SAMPLES.keys(), FILTER),
];

const TABLE = groupBy(ROWS, ([directive]) => directive);

const looksAt = (directive: string, places: readonly Look['at'][]): boolean =>
  (TABLE.get(directive) ?? []).some(([, { at }]) => places.includes(at));

/** Whether a process shows anything of a directive. */
export const isSeen = (directive: string): boolean => TABLE.has(directive);

/** Whether the namespaces of a process matter for a directive: also to excuse what is looser in its own alone. */
export const asksForNamespaces = (directive: string): boolean =>
  looksAt(directive, ['capabilities', 'mounts', 'namespaces']);

export const asksForMounts = (directive: string): boolean => looksAt(directive, ['mounts']);
export const asksForFilters = (directive: string): boolean => looksAt(directive, ['filters']);

/** Whether a directive holds for a process, whatever its value. */
const isAlwaysHeld = (directive: string): boolean =>
  LIMITS.has(directive) || directive === 'CapabilityBoundingSet';

/** A directive in a process, compared with what the manager has loaded. */
export function judge(directive: string, measure: Measure, judged: Judged): Finding {
  const rows = TABLE.get(directive);
  if (!rows) return unseen('nothing tells');
  if (measure.get(findDirective(directive)!.bus.property) === undefined)
    return unseen('systemd shows no value of it');
  if (!isAlwaysHeld(directive) && !isSet(measure.get, directive)) return EQUAL;
  const found = (isFilter: boolean) =>
    rows
      .filter(([, { at }]) => (at === 'filters') === isFilter)
      .flatMap(([, look]) => look.judge(measure, judged, directive));
  const [others, filters] = [found(false), found(true)];
  // Where something else is seen, a filter that can't be read doesn't count.
  const told = filters.filter(({ relation }) => others.length === 0 || relation !== 'unseen');
  return gravestFinding([...others, ...told]);
}
