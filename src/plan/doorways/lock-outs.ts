import { asWarning, type Diagnostic, error, type Location, note } from '../../diagnostic.js';
import { capabilitySet } from '../../directives/kinds/names/capabilities.js';
import { entryOn } from '../../policy/expect.js';
import type { Policy } from '../../policy/policy.js';
import { ABIS, abisOf } from '../../syscalls/abi.js';
import { permits } from '../../syscalls/action.js';
import { formatAction } from '../../syscalls/action-text.js';
import { registersWith } from '../../syscalls/arguments.js';
import type { OwnLimits } from '../../syscalls/named-policy.js';
import { numbersOf } from '../../syscalls/numbers.js';
import { evaluate, type SyscallPolicy } from '../../syscalls/policy.js';
import type { SyscallSets } from '../../syscalls/sets.js';
import { isOn, type UnitValues } from '../../unit/values.js';
import type { PlannedCalls } from '../calls/calls.js';
import { ownLimits } from '../calls/own-limits.js';
import type { PlannedLauncher } from '../launcher/launcher.js';
import type { PlanRequest } from '../request.js';
import { ownValues, valuesOfAll } from '../unit-values.js';
import { NEEDS, type Need, type NeededCall, type NeedName } from './needs.js';
import type { Role } from './role.js';

/** A line of a policy that takes something. */
interface Line {
  readonly subject: string;
  readonly at: Location;
}

export type OnUnit = Pick<PlanRequest, 'unit' | 'effective' | 'policy' | 'target' | 'surroundings'>;

/** The plan of a filter, as far as it takes something. */
export interface Calls extends Pick<PlannedCalls, 'meaning'> {
  /** The program that loads it. */
  readonly launcher: Pick<PlannedLauncher, 'noNewPrivileges'> | undefined;
  /** The table or the option that it comes from; `[syscalls]` unless told. */
  readonly source?: string;
  /** Whether it is loaded once the service serves. */
  readonly isServing?: boolean;
}

/** Facts by which it is told whether a policy takes something that the unit has without it. */
interface Facts {
  readonly request: OnUnit;
  readonly calls: Calls;
  readonly before: UnitValues;
  readonly after: UnitValues;
  readonly own: OwnLimits | undefined;
}

/**
 * Errors `locks-out` where a policy takes something that a unit needs by which people and machines get in, or run
 * things; warnings if the policy says that it is understood. A thing that the unit's own lines take isn't told.
 * @param role the unit's; undefined for a unit that has none
 */
export function lockOuts(role: Role | undefined, request: OnUnit, calls: Calls): Diagnostic[] {
  if (!role) return [];
  const { unit, policy } = request;
  const takersOf = createTakersOf(request, calls);
  const found = Object.entries(role.needs).flatMap(([name, consequence]) =>
    takersOf(name as NeedName).map(({ subject, at }) => {
      const { taken } = NEEDS[name as NeedName];
      const message = `'${subject}' on ${unit.full}: ${consequence}; it ${taken}`;
      return error('locks-out', message, { at, hint: WAY_OUT });
    }),
  );
  const isUnderstood = policy.understood.some(({ value }) => value === 'locks-out');
  return [...(isUnderstood ? found.map(asWarning) : found), ...inherited(role, unit.full)];
}

/** A note that a policy holds whoever logs in, root among them. */
const inherited = ({ name, needs }: Role, unit: string): Diagnostic[] =>
  name === 'login' && needs.exec !== undefined
    ? [
        note(
          'logins-inherit',
          `who logs in by ${unit} is confined by its policy, too, also as root; apply sees what is refused there while it tries, and no longer`,
          { hint: VERIFIES },
        ),
      ]
    : [];

/** ptrace(2) shows filters to no process that has one itself. */
const VERIFIES =
  "if that has a filter, verify reads none back in such a login: use 'systemd-run --wait --pipe sandbox-unit verify UNIT'";

const WAY_OUT = `leave it out for this unit; if it is meant: understood = ["locks-out"] in [apply]`;

/** A function that finds the lines of a policy that take something which the unit has without them, each once. */
export function createTakersOf(request: OnUnit, calls: Calls): (name: NeedName) => readonly Line[] {
  const { effective, policy, target } = request;
  const facts: Facts = {
    request,
    calls,
    before: ownValues(effective),
    after: valuesOfAll(policy, effective),
    own: ownLimits(effective, target.sets, target.systemd),
  };
  return (name) => linesTaking(name, facts);
}

/** Needs of sockets that a service opens once, at its start. */
const OPEN_BY_THEN: readonly NeedName[] = ['listening', 'local', 'netlink'];

function linesTaking(name: NeedName, facts: Facts): Line[] {
  if (facts.calls.isServing && OPEN_BY_THEN.includes(name)) return [];
  if (['listening', 'reach'].includes(name) && hasHandedSockets(facts.request)) return [];
  const need = NEEDS[name];
  const lines = [
    ...directiveLines(need, facts),
    ...callLines(need, facts),
    ...(name === 'gain' ? launcherLines(facts) : []),
  ];
  return [...new Map(lines.map((line) => [line.subject, line])).values()];
}

/** Whether a socket unit that is up hands the service its sockets, which are in the machine's network whatever the service's is. */
const hasHandedSockets = ({ surroundings }: OnUnit): boolean =>
  [...(surroundings?.sockets.values() ?? [])].some(({ hands }) => hands);

function directiveLines({ takers }: Need, { request, before, after }: Facts): Line[] {
  const { policy, target } = request;
  return policy.service.flatMap(({ name, at }) => {
    const isTaken = takers.some(
      ({ directives, takes }) =>
        directives.includes(name) &&
        takes(after, name, target.systemd) &&
        !directives.some((one) => takes(before, one, target.systemd)),
    );
    return isTaken ? [{ subject: name, at }] : [];
  });
}

/**
 * The line because of which no_new_privs is set with a filter: the one that takes CAP_SYS_ADMIN, else the filter's. None
 * where a directive does.
 */
function launcherLines({ request: { policy }, calls, before, after }: Facts): Line[] {
  const { launcher, source = '[syscalls]' } = calls;
  if (!launcher?.noNewPrivileges || isOn(after, 'NoNewPrivileges')) return [];
  const bounding = policy.service.find(({ name }) => name === BOUNDING);
  const has = (unit: UnitValues) => capabilitySet(unit.get(BOUNDING) ?? [], true).has('CAP_SYS_ADMIN');
  if (bounding && has(before) && !has(after)) return [{ subject: BOUNDING, at: bounding.at }];
  return policy.syscalls ? [{ subject: source, at: policy.syscalls.at }] : [];
}

const BOUNDING = 'CapabilityBoundingSet';

/** A line for each group of calls of which none passes. */
function callLines({ calls: groups = [], ifDenied = false }: Need, facts: Facts): Line[] {
  const { request, calls, own } = facts;
  const { policy, target } = request;
  const numbers = numbersOf(abisOf(target.machine)[0]!);
  return groups.flatMap((group) => {
    const there = group.filter(({ call }) => numbers.has(call));
    const isOwn = there.some(({ call }) => own && !permits(own.limit(call)));
    const [first] = there;
    if (!first || isOwn) return [];
    if (!calls.meaning || !there.every((one) => isRefused(one, calls.meaning!))) return [];
    const isDenied = entryOn(policy.syscalls!, first.call, target.sets)?.list === 'deny';
    return ifDenied && !isDenied ? [] : [lineOn(policy, first.call, target.sets)];
  });
}

/** Whether a policy refuses a call of the native ABI with these arguments. */
export function isRefused({ call, args, errnos = [] }: NeededCall, meaning: SyscallPolicy): boolean {
  const abi = abisOf(meaning.machine)[0]!;
  const registers = registersWith(abi, call, args);
  const action = evaluate(meaning, { arch: ABIS[abi].arch, nr: numbersOf(abi).get(call)!, args: registers });
  return !permits(action) && !errnos.includes(formatAction(action));
}

/** The line of `[syscalls]` that refuses a call, or that would have to name it. */
function lineOn({ syscalls }: Policy, call: string, sets: SyscallSets): Line {
  const section = syscalls!;
  const found = entryOn(section, call, sets);
  if (found?.list === 'deny') return { subject: `deny ${found.entry.name}`, at: found.entry.at };
  const rule = section.rules.find(({ syscall }) => syscall.value === call);
  if (rule) return { subject: `rule on ${call}`, at: rule.at };
  return { subject: `allow without ${call}`, at: section.allow?.[0]?.at ?? section.at };
}
