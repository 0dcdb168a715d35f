import { type Diagnostic, type Location, warning } from '../diagnostic.js';
import type { Abi } from '../seccomp/syscalls/abi.js';
import { ENOSYS, permits } from '../seccomp/syscalls/action.js';
import { holdsAlways } from '../seccomp/syscalls/conditions.js';
import { mayPass, type NamedPolicy, type NamedVerdict } from '../seccomp/syscalls/named-policy.js';
import { isAbsent } from '../seccomp/syscalls/numbers.js';
import { entriesByCall, refusal, resolveCalls, verdictOn } from '../seccomp/syscalls/resolve.js';
import { sameCalls } from '../seccomp/syscalls/same-calls.js';
import type { CallEntry, RuleEntry, SyscallsSection } from '../seccomp/syscalls/section.js';
import { bundledSets, callsInSets, expandSet, type SyscallSets } from '../seccomp/syscalls/sets.js';
import { parseBoolean } from '../systemd/unit/values.js';
import {
  ALIKE,
  ALIKE_FOR_RULES,
  BY_IO_URING,
  CHANGING_MODES,
  PROTECTING,
  PROTECTION,
  WIDER,
} from './alike.js';
import type { DirectiveEntry } from './policy.js';

interface ClosedCall {
  readonly call: string;
  readonly at: Location;
}

/**
 * Warnings about calls that a policy refuses while another call that does the same passes.
 * @param service the lines of `[service]`, of which some refuse such calls, too
 * @param abis the ABIs that the policy will get a filter for: a call that none of them has does nothing
 * @param own refusals by other filters, which count, too
 */
export function equivalentCalls(
  section: SyscallsSection,
  service: readonly DirectiveEntry[],
  sets: SyscallSets,
  abis: readonly Abi[],
  own?: NamedPolicy,
): Diagnostic[] {
  const policy = resolveCalls(section, sets, own);
  const newer = newerCalls(section, policy, sets, abis);
  const reported = new Set(newer.flatMap(({ calls }) => calls));
  const exists = (call: string) => !isAbsent(call, abis, sets) && !reported.has(call);
  const denied = [...entriesByCall(section.deny, sets)]
    .filter(([call, entry]) => !mayPass(verdictOn(policy, call)) && !isMeantForOthers(call, entry, section))
    .filter(([call]) => exists(call))
    .map(([call, { at }]): ClosedCall => ({ call, at }));
  const ruled = section.rules.filter(
    ({ syscall: { value: call } }) => exists(call) && mayRefuse(verdictOn(policy, call)),
  );
  const present = (groups: readonly (readonly string[])[]) => groups.map((group) => group.filter(exists));
  const [protecting, others] = [ruled.filter(isOnProtection), ruled.filter((rule) => !isOnProtection(rule))];
  return [
    ...newer.map((one) => lackingIn(one, sets)),
    ...present([...ALIKE, ...sameCalls()]).flatMap((group) =>
      othersOf(group, denied, policy, group.includes('clone') ? denyProcesses : deny),
    ),
    ...present(WIDER).flatMap((group) => widerOf(group, denied, policy)),
    ...present(ALIKE_FOR_RULES).flatMap((group) => othersOf(group, ruled.map(closedBy), policy, deny)),
    ...present([PROTECTING]).flatMap((group) => othersOf(group, protecting.map(closedBy), policy, rule)),
    ...byPersonality(protecting, service, policy),
    ...present([CHANGING_MODES, ...sameCalls()]).flatMap((group) =>
      othersOf(group, others.map(closedBy), policy, rule),
    ),
    ...throughIoUring(policy, [...denied, ...ruled.map(closedBy)]),
  ];
}

/**
 * Whether a policy refuses a call for another reason than what the call does. Programs that get ENOSYS use another call
 * instead; for `clone3` an ENOSYS of the whole section counts, too. A policy that refuses `@obsolete` expects programs
 * to use newer calls.
 */
const isMeantForOthers = (call: string, { name, action }: CallEntry, section: SyscallsSection): boolean =>
  name === '@obsolete' ||
  action === ENOSYS ||
  (call === 'clone3' && action === undefined && refusal(section) === ENOSYS);

/** Whether some arguments are refused. Behind a rule that always holds neither further rules nor the lists count. */
function mayRefuse({ rules, otherwise }: NamedVerdict): boolean {
  const last = rules.findIndex(({ when }) => when.every(holdsAlways));
  const reached = last < 0 ? rules : rules.slice(0, last + 1);
  const given = reached.map(({ action }) => action.value);
  return [...given, ...(last < 0 ? [otherwise] : [])].some((action) => !permits(action));
}

const closedBy = ({ syscall, at }: RuleEntry): ClosedCall => ({ call: syscall.value, at });

/** Whether a rule has a condition on the protection of memory. */
const isOnProtection = ({ syscall, when }: RuleEntry): boolean =>
  PROTECTING.includes(syscall.value) && when.some(({ arg }) => arg === PROTECTION);

type EquivalentCallHint = (calls: readonly string[]) => string;

const deny: EquivalentCallHint = (calls) => `deny ${entriesFor(calls)} too`;
const rule: EquivalentCallHint = (calls) => `${deny(calls)}, or write the same rule for each`;

/** Threads are made by `clone`, too, whatever else starts processes. */
const denyProcesses: EquivalentCallHint = (calls) => {
  const others = calls.filter((call) => call !== 'clone');
  const too = others.length > 0 ? `${deny(others)}, and ` : '';
  return `${too}refuse 'clone' with a rule for calls without CLONE_THREAD: threads need it`;
};

const listed = (calls: readonly string[]): string => calls.map((call) => `'${call}'`).join(' and ');

/**
 * Calls as entries of `deny`. Without `clone3`, C libraries start threads by `clone`, but only if the errno is ENOSYS.
 */
const entriesFor = (calls: readonly string[]): string =>
  listed(calls.map((call) => (call === 'clone3' ? 'clone3:ENOSYS' : call)));

function othersOf(
  group: readonly string[],
  closed: readonly ClosedCall[],
  policy: NamedPolicy,
  wayOut: EquivalentCallHint,
): Diagnostic[] {
  const first = closed.find(({ call }) => group.includes(call));
  const open = group.filter((call) => isOpen(policy, call));
  if (!first || open.length === 0) return [];
  const message = `'${first.call}' is refused, but ${listed(open)} ${open.length > 1 ? 'do' : 'does'} the same`;
  return [warning('open-door', message, { at: first.at, hint: wayOut(open) })];
}

/** A warning where the last call of a group passes and another of the group is refused. */
function widerOf(group: readonly string[], denied: readonly ClosedCall[], policy: NamedPolicy): Diagnostic[] {
  const wider = group.at(-1)!;
  const first = denied.find(({ call }) => call !== wider && group.includes(call));
  return first ? othersOf([first.call, wider], [first], policy, deny) : [];
}

function lackingIn({ entry, calls }: NewerCalls, { systemd }: SyscallSets): Diagnostic {
  const message = `'${entry.name}' of systemd ${systemd} lacks ${listed(calls)}, which newer kernels have`;
  return warning('open-door', message, { at: entry.at, hint: deny(calls) });
}

/**
 * The warning about READ_IMPLIES_EXEC (personality(2)): with it readable memory is executable, whatever protection a
 * call asks for.
 */
function byPersonality(
  [first]: readonly RuleEntry[],
  service: readonly DirectiveEntry[],
  policy: NamedPolicy,
): Diagnostic[] {
  const isLocked = service.some(
    ({ name, value }) => name === 'LockPersonality' && parseBoolean(String(value)),
  );
  if (!first || isLocked || !isOpen(policy, 'personality')) return [];
  const message = `'${first.syscall.value}' is refused, but 'personality' can make all readable memory executable`;
  const hint = "deny 'personality' too, or set LockPersonality = true in [service]";
  return [warning('open-door', message, { at: first.at, hint })];
}

/** Whether a call passes whatever its arguments. */
function isOpen(policy: NamedPolicy, call: string): boolean {
  const verdict = verdictOn(policy, call);
  return mayPass(verdict) && !mayRefuse(verdict);
}

function throughIoUring(policy: NamedPolicy, closed: readonly ClosedCall[]): Diagnostic[] {
  const first = closed.find(({ call }) => BY_IO_URING.has(call));
  if (!first || !isOpen(policy, 'io_uring_setup')) return [];
  return [
    warning('open-door', `'${first.call}' is refused, but io_uring does the same without the call`, {
      at: first.at,
      hint: 'deny "io_uring_setup:ENOSYS" too: programs then do without it',
    }),
  ];
}

export interface NewerCalls {
  readonly entry: CallEntry;
  readonly calls: readonly string[];
}

/**
 * The sets that a policy denies, each with its newer calls: those that are in none of the given sets, and that the
 * policy lets through.
 * @param abis the ABIs that the policy will get a filter for
 */
export function newerCalls(
  section: SyscallsSection,
  policy: NamedPolicy,
  sets: SyscallSets,
  abis: readonly Abi[],
): NewerCalls[] {
  const known = callsInSets(sets);
  const passes = (call: string) =>
    !known.has(call) && !isAbsent(call, abis, sets) && mayPass(verdictOn(policy, call));
  const bySet = new Map(section.deny.map((entry) => [entry.name, entry]));
  return [...bySet.values()]
    .filter(({ name, action }) => sets.members.has(name) && !(action !== undefined && permits(action)))
    .map((entry) => ({ entry, calls: (expandSet(bundledSets(), entry.name) ?? []).filter(passes) }))
    .filter(({ calls }) => calls.length > 0);
}
