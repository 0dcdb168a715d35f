import {
  type Diagnostic,
  didYouMean,
  error,
  firstOf,
  type Location,
  UserError,
  warning,
} from '../diagnostic.js';
import { type Abi, abisOf, type Machine } from '../seccomp/syscalls/abi.js';
import { permits } from '../seccomp/syscalls/action.js';
import { mayPass, type NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { callNames, isAbsent, knownCalls, whereKnown } from '../seccomp/syscalls/numbers.js';
import { operandValue, parseOperand } from '../seccomp/syscalls/operand.js';
import { withOwnSets } from '../seccomp/syscalls/own-sets.js';
import { readyCalls } from '../seccomp/syscalls/ready.js';
import { entriesByCall, limitBy, resolveCalls, verdictOn } from '../seccomp/syscalls/resolve.js';
import type { CallEntry, ConditionEntry, Located, SyscallsSection } from '../seccomp/syscalls/section.js';
import { expandSet, type SyscallSets, setNames } from '../seccomp/syscalls/sets.js';
import { equivalentCalls } from './equivalent-calls.js';
import { isOfReady } from './expect.js';
import type { Policy } from './policy.js';

interface CheckContext {
  readonly policy: Policy;
  /** `[syscalls]`, or the lists of `[ready]` in its form. */
  readonly section: SyscallsSection;
  readonly sets: SyscallSets;
  readonly abis: readonly Abi[];
}

/**
 * Checks of `[syscalls]`, `[ready]` and `[[expect]]` beyond the schema: every name is known, every operand has a value, no entry
 * contradicts another.
 * @param machines the machines that the policy will get a filter for
 * @param complete false where a part of the policy is missing: checks that need the whole are left out
 */
export function checkSyscalls(
  policy: Policy,
  known: SyscallSets,
  machines: readonly Machine[],
  complete = true,
): Diagnostic[] {
  const { syscalls, ready } = policy;
  const found: Diagnostic[] = [];
  if (syscalls) {
    const context = { policy, section: syscalls, sets: known, abis: openAbis(syscalls, machines) };
    found.push(...checkSection(context));
    if (complete) found.push(...allowListKeysHaveAllow(context), ...equivalents(context));
  } else if (complete) found.push(...meantForCalls(policy));
  if (ready) {
    const sets = withOwnSets(known);
    const section = readyCalls(ready, syscalls && architecturesOf(syscalls));
    const own = { ...policy, expect: syscalls ? [] : policy.expect };
    const context = { policy: own, section, sets, abis: openAbis(section, machines) };
    const before = syscalls && resolveCalls(syscalls, known);
    found.push(...checkSection(context));
    if (complete) found.push(...equivalents(context, before), ...takenThreads(section, sets, before));
  } else if (complete) found.push(...meantForReady(policy));
  return found;
}

/** The checks that lists and rules of any section go through. */
const checkSection = (context: CheckContext): Diagnostic[] => [
  ...firstOf(namesAreKnown(context)),
  ...firstOf(operandsHaveValues(context)),
  ...firstOf(entriesAgree(context)),
  ...firstOf(conditionsCanHold(context)),
];

/** @param before in force from the start on, beside the section */
const equivalents = ({ policy, section, sets, abis }: CheckContext, before?: NamedPolicy): Diagnostic[] =>
  firstOf(equivalentCalls(section, policy.service, sets, abis, before));

const architecturesOf = ({ architectures = [] }: SyscallsSection): string[] =>
  architectures.map(({ value }) => value);

/** The ABIs that a section leaves open on machines, each machine's native one among them. */
const openAbis = (section: SyscallsSection, machines: readonly Machine[]): Abi[] => {
  const names = architecturesOf(section);
  return machines.flatMap((machine) => abisOf(machine).filter((abi, i) => i === 0 || names.includes(abi)));
};

/** The error about an expectation of a start, without `[syscalls]`. */
function meantForCalls({ ready, expect }: Policy): Diagnostic[] {
  const { at } = expect.find((one) => !isOfReady(one))?.syscall ?? {};
  const hint = ready && `add phase = "ready" to check [ready]`;
  return at ? [error('contradiction', '[[expect]] needs [syscalls]', { at, hint })] : [];
}

/** The error about an expectation of a service that serves, without `[ready]`. */
function meantForReady({ ready, expect }: Policy): Diagnostic[] {
  const { at } = (ready ? undefined : expect.find(isOfReady))?.phase ?? {};
  const message = '[[expect]] with phase = "ready" needs [ready]';
  return at ? [error('contradiction', message, { at })] : [];
}

function* namesAreKnown({ policy, section, sets }: CheckContext) {
  for (const entry of [...(section.allow ?? []), ...section.deny, ...section.log]) {
    yield* entry.name.startsWith('@') ? setIsKnown(entry, sets) : callIsKnown(entry.name, entry.at, sets);
  }
  for (const { syscall } of [...section.rules, ...policy.expect]) {
    yield* callIsKnown(syscall.value, syscall.at, sets);
  }
}

function setIsKnown(entry: CallEntry, sets: SyscallSets): Diagnostic[] {
  if (expandSet(sets, entry.name)) return [];
  if (expandSet(withOwnSets(sets), entry.name)) return [setOfReady(entry)];
  const where =
    sets.source === 'target' ? `systemd ${sets.systemd} on this machine` : `systemd ${sets.systemd}`;
  const hint =
    didYouMean(entry.name, setNames(sets)) ?? `'systemd-analyze syscall-filter' lists the sets of ${where}`;
  return [error('unknown-syscall', `unknown syscall set '${entry.name}'`, { at: entry.at, hint })];
}

const setOfReady = ({ name, at }: CallEntry): Diagnostic =>
  error('unknown-syscall', `the syscall set '${name}' exists in [ready] only`, {
    at,
    hint: 'systemd has no such set: name its calls one by one',
  });

function callIsKnown(name: string, at: Location, sets: SyscallSets): Diagnostic[] {
  const place = whereKnown(name, sets);
  if (place === 'here') return [];
  if (place !== undefined) return [place === 'newer' ? newerCall(name, at) : foreignCall(name, at)];
  const asSet = expandSet(sets, `@${name}`) ? `did you mean '@${name}'?` : undefined;
  const isSet = expandSet(sets, name) ? 'only lists take sets: name its calls one by one' : undefined;
  const hint = didYouMean(name, knownCalls(sets)) ?? asSet ?? isSet;
  return [error('unknown-syscall', `unknown syscall '${name}'`, { at, hint })];
}

function* operandsHaveValues({ policy, section, abis }: CheckContext) {
  for (const { operands, width } of section.rules.flatMap((rule) => rule.when)) {
    for (const operand of operands) yield* operandError(operand, abis, width);
  }
  for (const arg of policy.expect.flatMap(({ args }) => args)) yield* operandError(arg, abis, 64);
}

/** The error about a call of another machine, or a typing error that happens to be one: `execv`. */
const foreignCall = (name: string, at: Location): Diagnostic =>
  error('unknown-syscall', `no supported machine has the call '${name}'`, {
    at,
    hint: didYouMean(name, callNames()) ?? 'only other machines have it: remove it',
  });

/** The warning about a call that systemd can filter by its name, and that has no number in this program's tables. */
const newerCall = (name: string, at: Location): Diagnostic =>
  warning('unknown-syscall', `systemd knows the call '${name}', but this program does not know its number`, {
    at,
    hint: didYouMean(name, callNames()) ?? 'it is newer than this program, or only other machines have it',
  });

/** The first error that an operand causes on one of the ABIs. */
function operandError(operand: Located<bigint | string>, abis: readonly Abi[], width: 32 | 64): Diagnostic[] {
  for (const abi of abis) {
    try {
      parseOperand(operand, abi, width);
    } catch (cause) {
      if (cause instanceof UserError) return [...cause.diagnostics];
      throw cause;
    }
  }
  return [];
}

/** Two actions for one name in one file are a mistake; an entry that follows a base's is an override. */
function entriesAgree({ section }: CheckContext): Diagnostic[] {
  const seen = new Map<string, CallEntry>();
  return section.deny.flatMap((entry) => {
    const earlier = seen.get(entry.name);
    seen.set(entry.name, entry);
    if (!earlier || earlier.at.file !== entry.at.file || earlier.action === entry.action) return [];
    const hint = `line ${earlier.at.line} gives it another action`;
    return [error('contradiction', `'${entry.name}' is denied twice`, { at: entry.at, hint })];
  });
}

/** The keys `unknown` and `implicit` refuse calls that no line names: a deny list never does. */
function allowListKeysHaveAllow({ section }: CheckContext): Diagnostic[] {
  if (section.allow) return [];
  const { unknown, implicit } = section;
  return Object.entries({ unknown, implicit }).flatMap(([key, value]) => {
    const hint = 'a deny list allows every call that it does not name';
    return value
      ? [error('contradiction', `'${key}' has no effect without 'allow'`, { at: value.at, hint })]
      : [];
  });
}

/** All conditions of a rule must hold: two different values of one argument are a mistake for `in`. */
function conditionsCanHold({ section, abis }: CheckContext): Diagnostic[] {
  return section.rules.flatMap(({ syscall, when }) => {
    const exact = when
      .filter(({ op }) => op === 'eq' || op === 'in')
      .map((condition) => ({ condition, values: abis.map((abi) => valuesOn(abi, condition)) }));
    const clash = exact.find((one, i) => exact.slice(0, i).some((other) => excludes(one, other)));
    if (!clash) return [];
    const hint = 'all conditions of a rule must hold; to compare with several values, use in = [...]';
    const { at } = clash.condition;
    return [error('contradiction', `this rule on ${syscall.value} can never match`, { at, hint })];
  });
}

interface Exact {
  readonly condition: ConditionEntry;
  /** One list of values an ABI. operandsHaveValues() reports operands without a value. */
  readonly values: readonly (readonly bigint[])[];
}

const valuesOn = (abi: Abi, { operands, width }: ConditionEntry): bigint[] =>
  operands.flatMap((operand) => operandValue(operand, abi, width) ?? []);

/** Whether no value of an argument fulfils both conditions, on any ABI. */
function excludes(a: Exact, b: Exact): boolean {
  if (a.condition.arg !== b.condition.arg) return false;
  const width = Math.min(a.condition.width, b.condition.width);
  const narrow = (values: readonly bigint[]) => values.map((value) => BigInt.asUintN(width, value));
  return !a.values.some((own, abi) => {
    const [one, other] = [narrow(own), narrow(b.values[abi]!)];
    return one.length === 0 || other.length === 0 || one.some((value) => other.includes(value));
  });
}

/** Calls that nearly every program makes, one of each group: the dynamic linker (ld.so(8)), and each at its exit. */
const BY_ALL: readonly (readonly string[])[] = [
  ...[['open', 'openat'], ['read'], ['mmap', 'mmap2'], ['close']],
  ['exit_group'],
];

/**
 * The warning that `[syscalls]` refuses such calls, whatever their arguments.
 * @param machines the machines that the policy will get a filter for
 */
export function takenFromAll(
  { syscalls }: Policy,
  sets: SyscallSets,
  machines: readonly Machine[],
): Diagnostic[] {
  if (!syscalls || syscalls.stage?.value === 'entry') return [];
  const named = resolveCalls(syscalls, sets);
  const natives = machines.map((machine) => abisOf(machine)[0]!);
  const taken = BY_ALL.map((group) => group.filter((call) => !isAbsent(call, natives, sets)))
    .filter((group) => group.every((call) => !mayPass(verdictOn(named, call))))
    .map((group) => group.at(-1)!);
  if (taken.length === 0) return [];
  const at = entriesByCall(syscalls.deny, sets).get(taken[0]!)?.at ?? syscalls.allow?.[0]?.at ?? syscalls.at;
  const message = `[syscalls] refuses ${taken.join(', ')}: hardly any program can start and exit without these calls`;
  return [
    warning('indispensable', message, { at, hint: "allow them; 'learn' finds all calls of a service" }),
  ];
}

/** Calls by which C libraries and runtimes start a thread and give it memory, and the arguments that threads need. */
const BY_THREADS: readonly (readonly [call: string, condition: string])[] = [
  ['clone', '{ arg = 0, bits-any = "CLONE_THREAD" }'],
  ['mprotect', '{ arg = 2, bits-clear = "PROT_EXEC" }'],
];

/**
 * The warning that `[ready]` denies a call whatever its arguments that a service with threads makes under load. Threads
 * that run already need mprotect, too: malloc(3) grows their memory by it.
 * @param section the lists of `[ready]`
 * @param before what is refused from the start
 */
export function takenThreads(
  section: SyscallsSection,
  sets: SyscallSets,
  before?: NamedPolicy,
): Diagnostic[] {
  const named = resolveCalls(section, sets);
  const denied = entriesByCall(section.deny, sets);
  const isTaken = (call: string) =>
    denied.has(call) && !mayPass(verdictOn(named, call)) && permits(limitBy(before, call));
  return BY_THREADS.filter(([call]) => isTaken(call)).map(([call, condition]) => {
    const { name, at } = denied.get(call)!;
    const has = name === call ? `'${name}' is refused` : `'${name}' includes '${call}', which is refused`;
    const message = `${has} for threads, too: a service that starts threads under load fails`;
    const hint = `allow it for threads by a rule in [ready]: syscall = "${call}", when = [${condition}], action = "allow"`;
    return warning('indispensable', message, { at, hint });
  });
}
