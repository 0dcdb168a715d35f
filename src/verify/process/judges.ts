/** Directives that can be seen in a process, and how each is compared. */

import type { Get } from '../../directives/directive.js';
import { TAKEN } from '../../directives/kinds/names/capabilities.js';
import { findDirective } from '../../directives/table.js';
import { CLAIMS, claimsOf } from '../../directives/values/mount-claims.js';
import { keptAsMounted } from '../../directives/values/mount-entries.js';
import type { Abi } from '../../syscalls/abi.js';
import type { LoadedFilters } from '../kernel/loaded-filters.js';
import { EQUAL, type Finding, gravestFinding, unseen } from './finding.js';
import {
  ambientCapabilities,
  boundedCapabilities,
  isFiltered,
  noNewPrivileges,
  runsAs,
  supplementaryGroups,
  withoutCapabilities,
} from './identity.js';
import { judgeClaim } from './judge-claim.js';
import { LIMITS, limited, OWN_VALUES, ownValue } from './limits.js';
import { isSet, loadedLines, word } from './loaded-lines.js';
import { apart, inJoined, JOINED, NAMESPACES } from './namespaces.js';
import { hasSamples, ownFilter } from './own-filters.js';
import { procSubset, protectProc } from './proc-options.js';
import type { SeenProcess, View } from './seen-process.js';

/** Values and facts that processes of a unit are compared with. */
export interface Measure {
  readonly get: Get;
  /** systemd's version. */
  readonly systemd: number;
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
  /** The unit's main process, where it is seen. */
  readonly main: SeenProcess | undefined;
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
 * held against it: capabilities and groups of a user namespace reach no further, and mounts are the namespace's own. Filters come
 * along, so that these aren't excused.
 */
function excused(finding: Finding, { users, mounts }: OwnNamespaces, part: keyof OwnNamespaces): Finding {
  if (finding.relation !== 'looser') return finding;
  if (users) return OWN_USERS;
  return mounts && part === 'mounts' ? OWN_MOUNTS : finding;
}

const OWN_USERS = unseen('it is in a user namespace of its own');
const OWN_MOUNTS = unseen('it is in a mount namespace of its own');

type Judge = (measure: Measure, judged: Judged) => Finding;

const USER = runsAs('UID', 'Uid');
const GROUP = runsAs('GID', 'Gid');

const inView =
  (judge: (get: Get, view: View) => Finding): Judge =>
  ({ get }, { view, own }) =>
    view ? excused(judge(get, view), own, 'mounts') : HIDDEN_MOUNTS;

const HIDDEN_MOUNTS = unseen('its mounts are not shown');

const inUsers =
  (judge: (measure: Measure, process: SeenProcess) => Finding): Judge =>
  (measure, { process, own }) =>
    excused(judge(measure, process), own, 'users');

const OTHERS: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['AmbientCapabilities', inUsers(({ get }, process) => ambientCapabilities(get, process))],
  ['CapabilityBoundingSet', inUsers(({ get, known }, process) => boundedCapabilities(get, process, known))],
  ['DynamicUser', ({ get }, { process }) => gravestFinding([USER(get, process), GROUP(get, process)])],
  ['Group', ({ get }, { process }) => GROUP(get, process)],
  ['NoNewPrivileges', (_, { process }) => noNewPrivileges(process)],
  ['ProcSubset', inView(procSubset)],
  ['ProtectProc', inView(protectProc)],
  ['SupplementaryGroups', inUsers(({ get, main }, process) => supplementaryGroups(get, process, main))],
  ['User', ({ get }, { process }) => USER(get, process)],
]);

/** Tables of directives that a process shows something of. */
const SEEN: readonly ReadonlyMap<string, unknown>[] = [
  ...[CLAIMS, JOINED, LIMITS, NAMESPACES, OTHERS, OWN_VALUES, TAKEN],
];

/** Whether a process shows anything of a directive. */
export const isSeen = (directive: string): boolean =>
  SEEN.some((table) => table.has(directive)) || hasSamples(directive);

/** Directives whose judges ask for no namespace, nor would one excuse what they see. */
const OF_ANY_NAMESPACE: ReadonlySet<string> = new Set(['Group', 'NoNewPrivileges', 'User']);

const OF_NAMESPACES: readonly ReadonlyMap<string, unknown>[] = [CLAIMS, JOINED, NAMESPACES, OTHERS, TAKEN];

/** Whether the namespaces of a process matter for a directive. */
export const asksForNamespaces = (directive: string): boolean =>
  !OF_ANY_NAMESPACE.has(directive) && OF_NAMESPACES.some((table) => table.has(directive));

/** Directives that hold for a process, whatever their value. */
const isAlwaysHeld = (directive: string): boolean =>
  LIMITS.has(directive) || OWN_VALUES.has(directive) || EMPTY_TAKES.has(directive);

/** Lists that take all where they are empty. */
const EMPTY_TAKES: ReadonlySet<string> = new Set(['CapabilityBoundingSet', 'SupplementaryGroups']);

/** Values of ProtectControlGroups= that put a unit into a namespace. */
const OWN_GROUPS: readonly string[] = ['private', 'strict'];

/** A directive in a process, compared with what the manager has loaded. */
export function judge(directive: string, measure: Measure, judged: Judged): Finding {
  if (!isSeen(directive)) return unseen('nothing tells');
  const row = findDirective(directive)!;
  if (measure.get(row.bus.property) === undefined) return unseen('systemd shows no value of it');
  if (!isAlwaysHeld(directive) && !isSet(measure.get, directive)) return EQUAL;
  const parts = partsOf(directive, measure, judged);
  const { process: its, filters } = judged;
  const filter = ownFilter(measure.get, directive, measure.abi, { filters, isFiltered: isFiltered(its) });
  const isTold = filter !== undefined && (parts.length === 0 || filter.relation !== 'unseen');
  return gravestFinding(isTold ? [...parts, filter] : parts);
}

function partsOf(directive: string, measure: Measure, judged: Judged): Finding[] {
  const { get, known, namespaces } = measure;
  const { process, own } = judged;
  const namespace = NAMESPACES.get(directive);
  const hasOwnGroups =
    directive === 'ProtectControlGroups' && OWN_GROUPS.includes(word(get, 'ProtectControlGroupsEx'));
  return [
    ...(namespace ? [apart(namespace, process, namespaces)] : []),
    ...(JOINED.has(directive) ? [inJoined(get, directive, process, measure)] : []),
    ...(hasOwnGroups ? [apart('cgroup', process, namespaces)] : []),
    ...(LIMITS.has(directive) ? [limited(get, directive, process)] : []),
    ...(OWN_VALUES.has(directive) ? [ownValue(get, directive, process, known)] : []),
    ...(CLAIMS.has(directive) ? judgeClaims(directive, measure, judged) : []),
    ...[TAKEN.get(directive)].flatMap((taken) =>
      taken ? [excused(withoutCapabilities(get, process, taken), own, 'users')] : [],
    ),
    ...[OTHERS.get(directive)].flatMap((other) => (other ? [other(measure, judged)] : [])),
  ];
}

function judgeClaims(
  directive: string,
  { get, bases, host, systemd }: Measure,
  { view, own }: Judged,
): Finding[] {
  const lines = loadedLines(get, bases);
  const claims = claimsOf(lines, directive);
  if (!view || !host) return claims.length > 0 ? [HIDDEN_MOUNTS] : [];
  const kept = keptAsMounted(lines, systemd).map(({ path }) => path);
  return claims.map((claim) => excused(judgeClaim(claim, view, host, kept), own, 'mounts'));
}
