import type { Abi } from '../seccomp/syscalls/abi.js';
import { ALLOW, LOG, permits } from '../seccomp/syscalls/action.js';
import { formatAction } from '../seccomp/syscalls/action-text.js';
import type { Hidden } from '../seccomp/syscalls/arguments.js';
import { conditionsOf, hiddenFrom, holdsAlways } from '../seccomp/syscalls/conditions.js';
import type { NamedPolicy, NamedVerdict } from '../seccomp/syscalls/named-policy.js';
import { NUMBERS_SOURCE } from '../seccomp/syscalls/numbers.js';
import { answeredCalls } from '../seccomp/syscalls/own-sets.js';
import { holds } from '../seccomp/syscalls/policy.js';
import {
  entriesByCall,
  limitBy,
  refusal,
  resolveCalls,
  strictest,
  verdictOn,
} from '../seccomp/syscalls/resolve.js';
import type { RuleEntry, SyscallsSection } from '../seccomp/syscalls/section.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';
import { type Cause, type Confinement, named, sectionOf, setsOf } from './refused-call.js';
import type { NamedCall } from './tally.js';

/** Facts about calls besides their name. */
export interface Circumstances {
  /** Whether it was refused, not only recorded. */
  readonly isRefused: boolean;
  /** Whether it may have been made when the service served. */
  readonly mayBeServing: boolean;
}

/** The line of the policy, or whatever else decides on a call. */
export function causeOf(
  call: NamedCall,
  confinement: Confinement,
  { isRefused, mayBeServing }: Circumstances = { isRefused: true, mayBeServing: true },
): Cause {
  const { abi } = call;
  if (abi === undefined)
    return { kind: 'closed-convention', what: 'a calling convention that this machine lacks' };
  const early = fromStart(call, abi, confinement);
  const isOnlyRecorded = early?.kind === 'recorded' && (isRefused || mayBeServing);
  if (early && !isOnlyRecorded) return early;
  const late = byReady(call, confinement);
  const { tightened = [], sets, policy } = confinement;
  // A table that only records a call hasn't refused it.
  const isLateRefusal = late !== undefined && late.kind !== 'recorded';
  const besides = isRefused && !isLateRefusal ? byTighten(call, tightened, sets) : undefined;
  if (besides) return besides;
  if (late && !(early && late.kind === 'recorded')) return late;
  return early ?? (call.known || !policy.syscalls ? OTHER_FILTER : newerThanTables(call));
}

const OTHER_FILTER: Cause = {
  kind: 'elsewhere',
  what: 'another filter: neither the policy nor a known directive refuses it',
};

const newerThanTables = ({ name }: NamedCall): Cause => ({
  kind: 'elsewhere',
  what: `${name} is newer than the table of ${NUMBERS_SOURCE}`,
});

/** The cause among what is in force from the start on; undefined if that lets the call through without a record. */
function fromStart(call: NamedCall, abi: Abi, confinement: Confinement): Cause | undefined {
  const { policy, own, sets, refusers } = confinement;
  const section = policy.syscalls;
  const { name } = call;
  if (section) {
    const meaning = named(confinement);
    const closed = closedConvention(abi, confinement, meaning);
    if (closed) return closed;
    if (!call.known) return unknownNumber(section, meaning);
    const decided = byLists(call, section, sets);
    if (decided) return decided;
    if (!permits(verdictOn(meaning, name).limit)) return OWN_FILTER;
  } else if (call.known && !permits(limitBy(own, name))) return OWN_FILTER;
  const directives = refusers(name, abi);
  const entry = policy.service.find(({ name: directive }) => directives.includes(directive));
  if (directives.length === 0) return undefined;
  return { kind: 'directive', what: directives.map((one) => `${one}=`).join(', '), at: entry?.at };
}

/** The cause among what is in force once the service serves; undefined if that lets the call through without a record. */
function byReady(call: NamedCall, confinement: Confinement): Cause | undefined {
  const { policy, sets } = confinement;
  const section = sectionOf(policy, 'ready');
  if (!section) return undefined;
  const found = call.known ? byLists(call, section, setsOf(sets, 'ready')) : unlistedInReady(confinement);
  if (!found) return undefined;
  // The first entry of its allow list is @harmless, which nobody wrote.
  const at = found.kind === 'not-allowed' ? (policy.ready!.allow?.[0]?.at ?? section.at) : found.at;
  return { ...found, what: `${found.what}, once it serves`, at, phase: 'ready' };
}

const OWN_FILTER: Cause = { kind: 'own-filter', what: "the unit's own SystemCallFilter=" };

function closedConvention(
  abi: Abi,
  { policy, machine }: Confinement,
  meaning: NamedPolicy,
): Cause | undefined {
  if (abi === machine || meaning.architectures.includes(abi)) return undefined;
  const section = policy.syscalls!;
  const wanted = section.architectures?.some(({ value }) => value === abi) === true;
  if (wanted) return { kind: 'own-filter', what: "the unit's own SystemCallArchitectures=" };
  const at = section.architectures?.[0]?.at ?? section.at;
  return { kind: 'closed-convention', what: `${abi} is not in architectures`, at };
}

/** An allow list of `[ready]` has no key for numbers that no table knows. */
function unlistedInReady(confinement: Confinement): Cause | undefined {
  if (named(confinement, 'ready').unlisted === ALLOW) return undefined;
  return { kind: 'not-allowed', what: `newer than the table of ${NUMBERS_SOURCE}, and not in allow` };
}

/** The answer to a number that no table knows; undefined if it is let through. */
function unknownNumber(section: SyscallsSection, { unlisted }: NamedPolicy): Cause | undefined {
  if (unlisted === ALLOW) return undefined;
  const what = `unknown = "${formatAction(unlisted)}": it is newer than the table of ${NUMBERS_SOURCE}`;
  return { kind: 'unknown-number', what, at: section.unknown?.at ?? section.at, answer: unlisted };
}

/** The cause among lists and rules; undefined if these let the call through without a record. */
function byLists(
  { name, abi, args }: NamedCall,
  section: SyscallsSection,
  sets: SyscallSets,
): Cause | undefined {
  const rules = section.rules.filter((rule) => rule.syscall.value === name);
  const hidden = rules.flatMap((rule) => hiddenFrom(rule, abi!) ?? [])[0];
  if (hidden) return unseen(rules, hidden, verdictOn(resolveCalls(section, sets), name));
  const rule = args ? rules.find((one) => isMet(one, abi!, args)) : rules.slice(0, 1).find(isUnconditional);
  if (rule) {
    if (rule.action.value === ALLOW) return undefined;
    const answer = rule.action.value;
    return { kind: 'rule', what: `rule ${name}: ${formatAction(answer)}`, at: rule.at, answer };
  }
  if (rules.length > 0 && !args) {
    return { kind: 'arguments', what: `rules on the arguments of ${name}`, at: rules[0]!.at };
  }
  const denied = entriesByCall(section.deny, sets).get(name);
  const action = denied?.action ?? refusal(section);
  if (denied) {
    const what = `deny ${denied.name}${action === refusal(section) ? '' : `:${formatAction(action)}`}`;
    const kind = denied.action === LOG ? 'recorded' : 'denied';
    return { kind, what, at: denied.at, answer: denied.action };
  }
  const lets = rules.find((one) => permits(one.action.value));
  if (lets) return { kind: 'arguments', what: `no rule on ${name} matches these arguments`, at: lets.at };
  const logged = entriesByCall(section.log, sets).get(name);
  if (logged) return { kind: 'recorded', what: `log ${logged.name}`, at: logged.at };
  if (!section.allow || permits(verdictOn(resolveCalls(section, sets), name).otherwise)) return undefined;
  return { kind: 'not-allowed', what: 'not in allow', at: section.allow[0]?.at ?? section.at };
}

/** The cause if no filter can see the arguments that rules are about: the strictest answer counts. */
function unseen([first]: readonly RuleEntry[], { why }: Hidden, verdict: NamedVerdict): Cause | undefined {
  if (strictest(verdict) === ALLOW) return undefined;
  const name = first!.syscall.value;
  return { kind: 'arguments', what: `rules on ${name}, which here ${why}`, at: first!.at };
}

/** Whether a rule holds for all arguments: each of its conditions holds for every number. */
const isUnconditional = ({ when }: RuleEntry): boolean => when.every(holdsAlways);

function isMet(rule: RuleEntry, abi: Abi, args: readonly bigint[]): boolean {
  return conditionsOf(rule, abi)?.every((condition) => holds(condition, args)) === true;
}

/**
 * The cause of a call that `sandbox-unit tighten` refuses to what runs; undefined if it doesn't.
 * @param entries the calls and sets that it refuses, each with its answer: `@mount:EPERM`
 */
export function byTighten(
  { name, known }: NamedCall,
  entries: readonly string[],
  sets: SyscallSets,
): Cause | undefined {
  const found = known ? answeredCalls(entries, sets).find(({ call }) => call === name) : undefined;
  if (found === undefined) return undefined;
  return { kind: 'tightened', what: `refused by sandbox-unit tighten (${found.name}), until the next start` };
}
