/** The table of places where a process shows a directive. */

import { groupBy, remember } from '../../collections.js';
import type { Abi } from '../../seccomp/syscalls/abi.js';
import type { Get } from '../../systemd/directives/directive.js';
import { TAKEN } from '../../systemd/directives/kinds/names/capabilities.js';
import { isSet, loadedLines, word } from '../../systemd/directives/loaded.js';
import { findDirective } from '../../systemd/directives/table.js';
import { expectedMounts, PROMISED, ROOTS } from '../../systemd/directives/values/mounts.js';
import type { StartFilters } from '../kernel/loaded-filters.js';
import { EQUAL, type Finding, gravestFinding, hidden, looser, unseen } from './finding.js';
import { checkMount, checkProc, OF_PROC } from './mounts.js';
import { ownFilter, SAMPLES } from './own-filters.js';
import type { NamespaceView, SeenProcess } from './processes.js';
import {
  ambientCapabilities,
  boundedCapabilities,
  exempt,
  LIMITS,
  limited,
  noNewPrivileges,
  runsAs,
  withoutTaken,
} from './status.js';

/** Values and facts that processes of a unit are compared with. */
export interface ExpectedValues {
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
  readonly host: NamespaceView | undefined;
}

/** A process, and what is seen of it. */
export interface CheckedProcess {
  readonly process: SeenProcess;
  /** Findings about its mounts by directive. */
  readonly mounts: (directive: string) => readonly Finding[];
  /** The filters of its threads; undefined where they weren't read. */
  readonly filters: readonly StartFilters[] | undefined;
  /** Whether it may have made its user namespace itself, as browsers do: capabilities reach no further than that. */
  readonly hasOwnUsers: boolean;
}

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

type InNamespaces = Pick<ExpectedValues, 'namespaces'>;

/** Whether a process is in another namespace than the manager, or than another process. */
export function apart(name: string, { namespaces }: InNamespaces, other: InNamespaces): Finding {
  const [own, its] = [namespaces.get(name), other.namespaces.get(name)];
  if (own === undefined || its === undefined) return hidden('its namespaces are not shown');
  return own === its ? looser(`it is in the manager's ${name} namespace`) : EQUAL;
}

const HIDDEN_MOUNTS = hidden('its mounts are not shown');

/**
 * Makes a function that has the findings about the mounts of a process by directive, and of all others in its mount
 * namespace: each is found once.
 * @param view undefined where the mounts aren't shown
 * @param isOwn whether the unit's processes may have made the namespace themselves
 */
export const createOfMounts = (
  expected: ExpectedValues,
  process: InNamespaces,
  view: NamespaceView | undefined,
  isOwn: boolean,
): CheckedProcess['mounts'] => {
  const { get, host, bases } = expected;
  const lines = loadedLines(get, bases);
  const outside = apart('mnt', process, expected);
  return remember((directive) => {
    const expectations = expectedMounts(lines, directive);
    const isOfProc = OF_PROC.includes(directive);
    if (expectations.length === 0 && !isOfProc) return [];
    if (outside.relation === 'looser' && !ROOTS.includes(directive)) return [outside];
    if (!view || !host) return [HIDDEN_MOUNTS];
    const sight = { lines, view, host, isOwn };
    return isOfProc
      ? [checkProc(get, directive, sight)]
      : expectations.map((expectation) => checkMount(expectation, sight));
  });
};

/** Values of ProtectControlGroups= that put a unit into a namespace. */
const OWN_GROUPS: readonly string[] = ['private', 'strict'];

type FactSource = 'status' | 'capabilities' | 'namespaces' | 'mounts' | 'filters';
type ProcessCheck = (
  checked: CheckedProcess,
  expected: ExpectedValues,
  directive: string,
) => Finding | readonly Finding[];

/** Places to look at, the directives that are seen there, and how; some are seen at several. */
const TABLE: readonly (readonly [at: FactSource, directives: Iterable<string>, check: ProcessCheck])[] = [
  ['status', ['NoNewPrivileges', 'DynamicUser'], ({ process }) => noNewPrivileges(process)],
  ['status', ['User', 'DynamicUser'], ({ process }, { get }) => runsAs(get, process, 'UID')],
  ['status', ['Group', 'DynamicUser'], ({ process }, { get }) => runsAs(get, process, 'GID')],
  ['status', LIMITS.keys(), ({ process }, { get }, directive) => limited(get, process, directive)],
  [
    'status',
    ['LimitNPROC', 'ProtectProc'],
    ({ process, hasOwnUsers }, { get }, directive) => exempt(get, process, directive, hasOwnUsers),
  ],
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
    ({ process }, expected, directive) => apart(NAMESPACES.get(directive)!, process, expected),
  ],
  [
    'namespaces',
    ['ProtectControlGroups'],
    ({ process }, expected) =>
      OWN_GROUPS.includes(word(expected.get, 'ProtectControlGroupsEx'))
        ? apart('cgroup', process, expected)
        : [],
  ],
  ['mounts', [...PROMISED.keys(), ...OF_PROC], ({ mounts }, _, directive) => mounts(directive)],
  [
    'filters',
    SAMPLES.keys(),
    ({ process, filters }, expected, directive) => ownFilter(expected, directive, process, filters),
  ],
];

const SIGHTS = groupBy(
  TABLE.flatMap(([at, directives, check]) => [...directives].map((directive) => ({ at, directive, check }))),
  ({ directive }) => directive,
);

/** Whether a process shows anything of a directive, at one of some places if any are given. */
export const isSeen = (directive: string, ...places: readonly FactSource[]): boolean =>
  SIGHTS.get(directive)?.some(({ at }) => places.length === 0 || places.includes(at)) ?? false;

const OWN_USERS = unseen('it is in a user namespace of its own');

/** Directives that hold for a process, whatever their value. */
const ALWAYS_HELD: ReadonlySet<string> = new Set(['CapabilityBoundingSet', ...LIMITS.keys()]);

/** A directive in a process, compared with what the manager has loaded. */
export function checkDirective(
  directive: string,
  expected: ExpectedValues,
  checked: CheckedProcess,
): Finding {
  const sights = SIGHTS.get(directive);
  if (!sights) return unseen("it can't be observed");
  if (expected.get(findDirective(directive)!.bus.property) === undefined)
    return unseen('systemd reports no value for it');
  if (!ALWAYS_HELD.has(directive) && !isSet(expected.get, directive)) return EQUAL;
  const found = (isFilter: boolean) =>
    sights
      .filter(({ at }) => (at === 'filters') === isFilter)
      .flatMap(({ at, check: of }) => {
        const findings = [of(checked, expected, directive)].flat();
        const isExcused = at === 'capabilities' && checked.hasOwnUsers;
        return findings.map((one) => (isExcused && one.relation === 'looser' ? OWN_USERS : one));
      });
  const [others, filters] = [found(false), found(true)];
  // Where something else is seen, a filter that can't be read doesn't count.
  const known = filters.filter(({ relation }) => others.length === 0 || relation !== 'unseen');
  return gravestFinding([...others, ...known]);
}
