/** The table of places where a process shows a directive. */

import { groupBy } from '../../collections.js';
import type { Get } from '../../directives/directive.js';
import { TAKEN } from '../../directives/kinds/names/capabilities.js';
import { findDirective } from '../../directives/table.js';
import { CLAIMS, claimsOf, ROOTS } from '../../directives/values/mounts.js';
import type { Abi } from '../../syscalls/abi.js';
import type { LoadedFilters } from '../kernel/loaded-filters.js';
import { EQUAL, type Finding, gravestFinding, hidden, looser, unseen } from './finding.js';
import { isSet, judgeClaim, judgeProc, loadedLines, OF_PROC, word } from './mounts.js';
import { ownFilter, SAMPLES } from './own-filters.js';
import type { SeenProcess, View } from './processes.js';
import {
  ambientCapabilities,
  boundedCapabilities,
  LIMITS,
  limited,
  noNewPrivileges,
  runsAs,
  withoutTaken,
} from './status.js';

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

/** Directives that put a unit into a namespace, by the name of that below /proc/PID/ns. */
const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['IPCNamespacePath', 'ipc'],
  ['NetworkNamespacePath', 'net'],
  ['PrivateIPC', 'ipc'],
  ['PrivateMounts', 'mnt'],
  ['PrivateNetwork', 'net'],
  ['PrivatePIDs', 'pid'],
  ['PrivateUsers', 'user'],
  ['ProtectHostname', 'uts'],
  ['UserNamespacePath', 'user'],
]);

/** Whether a process is in another namespace than the manager. */
function apart(name: string, { process: { namespaces } }: Judged, measure: Measure): Finding {
  const [own, its] = [namespaces.get(name), measure.namespaces.get(name)];
  if (own === undefined || its === undefined) return hidden('its namespaces are not shown');
  return own === its ? looser(`it is in the manager's ${name} namespace`) : EQUAL;
}

const HIDDEN_MOUNTS = hidden('its mounts are not shown');

/** Mounts, of which a process with those of the manager has none. */
function ofMounts(judged: Judged, measure: Measure, directive: string): readonly Finding[] {
  const { view } = judged;
  const { get, host, bases } = measure;
  const lines = loadedLines(get, bases);
  const claims = claimsOf(lines, directive);
  if (claims.length === 0 && !OF_PROC.includes(directive)) return [];
  const outside = apart('mnt', judged, measure);
  if (outside.relation === 'looser' && !ROOTS.includes(directive)) return [outside];
  if (!view || !host) return [HIDDEN_MOUNTS];
  return OF_PROC.includes(directive)
    ? [judgeProc(get, directive, view)]
    : claims.map((claim) => judgeClaim(claim, lines, view, host));
}

/** Values of ProtectControlGroups= that put a unit into a namespace. */
const OWN_GROUPS: readonly string[] = ['private', 'strict'];

type Place = 'status' | 'capabilities' | 'namespaces' | 'mounts' | 'filters';
type Judge = (judged: Judged, measure: Measure, directive: string) => Finding | readonly Finding[];

/** Places to look at, the directives that are seen there, and how; some are seen at several. */
const TABLE: readonly (readonly [at: Place, directives: Iterable<string>, judge: Judge])[] = [
  ['status', ['NoNewPrivileges', 'DynamicUser'], ({ process }) => noNewPrivileges(process)],
  ['status', ['User', 'DynamicUser'], ({ process }, { get }) => runsAs(get, process, 'UID')],
  ['status', ['Group', 'DynamicUser'], ({ process }, { get }) => runsAs(get, process, 'GID')],
  ['status', LIMITS.keys(), ({ process }, { get }, directive) => limited(get, process, directive)],
  [
    'capabilities',
    ['CapabilityBoundingSet'],
    ({ process }, { get, known }) => boundedCapabilities(get, process, known),
  ],
  ['capabilities', ['AmbientCapabilities'], ({ process }, { get }) => ambientCapabilities(get, process)],
  ['capabilities', TAKEN.keys(), ({ process }, { get }, directive) => withoutTaken(get, process, directive)],
  [
    'namespaces',
    NAMESPACES.keys(),
    (judged, measure, directive) => apart(NAMESPACES.get(directive)!, judged, measure),
  ],
  [
    'namespaces',
    ['ProtectControlGroups'],
    (judged, measure) =>
      OWN_GROUPS.includes(word(measure.get, 'ProtectControlGroupsEx'))
        ? apart('cgroup', judged, measure)
        : [],
  ],
  ['mounts', [...CLAIMS.keys(), ...OF_PROC], ofMounts],
  [
    'filters',
    SAMPLES.keys(),
    ({ process, filters }, measure, directive) => ownFilter(measure, directive, process, filters),
  ],
];

const SIGHTS = groupBy(
  TABLE.flatMap(([at, directives, judge]) => [...directives].map((directive) => ({ at, directive, judge }))),
  ({ directive }) => directive,
);

/** Whether a process shows anything of a directive, at one of some places if any are given. */
export const isSeen = (directive: string, ...places: readonly Place[]): boolean =>
  SIGHTS.get(directive)?.some(({ at }) => places.length === 0 || places.includes(at)) ?? false;

/**
 * A service may make namespaces itself, as browsers and engines of containers do. What is looser only in there isn't
 * held against it: capabilities of a user namespace reach no further, and mounts are the namespace's own. Filters come
 * along, so that these aren't excused.
 */
function excused(finding: Finding, at: Place, { users, mounts }: OwnNamespaces): Finding {
  if (finding.relation !== 'looser' || (at !== 'capabilities' && at !== 'mounts')) return finding;
  if (users) return unseen('it is in a user namespace of its own');
  return mounts && at === 'mounts' ? unseen('it is in a mount namespace of its own') : finding;
}

/** Directives that hold for a process, whatever their value. */
const ALWAYS_HELD: ReadonlySet<string> = new Set(['CapabilityBoundingSet', ...LIMITS.keys()]);

/** A directive in a process, compared with what the manager has loaded. */
export function judge(directive: string, measure: Measure, judged: Judged): Finding {
  const sights = SIGHTS.get(directive);
  if (!sights) return unseen('nothing tells');
  if (measure.get(findDirective(directive)!.bus.property) === undefined)
    return unseen('systemd shows no value of it');
  if (!ALWAYS_HELD.has(directive) && !isSet(measure.get, directive)) return EQUAL;
  const found = (isFilter: boolean) =>
    sights
      .filter(({ at }) => (at === 'filters') === isFilter)
      .flatMap(({ at, judge: of }) => {
        const findings = of(judged, measure, directive);
        return [findings].flat().map((one) => excused(one, at, judged.own));
      });
  const [others, filters] = [found(false), found(true)];
  // Where something else is seen, a filter that can't be read doesn't count.
  const known = filters.filter(({ relation }) => others.length === 0 || relation !== 'unseen');
  return gravestFinding([...others, ...known]);
}
