import { type Abi, abiOf, type Machine } from '../syscalls/abi.js';
import { ALLOW, LOG, permits } from '../syscalls/action.js';
import { formatAction } from '../syscalls/action-text.js';
import type { Hidden } from '../syscalls/arguments.js';
import { conditionsOf, hiddenFrom, holdsAlways } from '../syscalls/conditions.js';
import type { NamedPolicy, NamedVerdict } from '../syscalls/named-policy.js';
import { NUMBERS_SOURCE, nameOf } from '../syscalls/numbers.js';
import { withOwnSets } from '../syscalls/own-sets.js';
import { holds } from '../syscalls/policy.js';
import { readyCalls } from '../syscalls/ready.js';
import { answers, entriesByCall, refusal, resolveCalls, strictest, verdictOn } from '../syscalls/resolve.js';
import type { RuleEntry } from '../syscalls/section.js';
import { type Cause, type Confinement, type NamedCall, named } from './refused-call.js';

/**
 * Names a call.
 * @param arch AUDIT_ARCH_*
 * @param nr the number, with bit 30 for x32
 */
export function nameCall(
  machine: Machine,
  { arch, nr, args }: { arch: number; nr: number; args?: readonly bigint[] },
): NamedCall {
  const id = abiOf(machine, arch, nr);
  if (!id) return { abi: undefined, number: nr, name: `call ${nr}`, known: false };
  const name = nameOf(id.abi, id.nr);
  return { abi: id.abi, number: id.nr, name: name ?? `call ${id.nr}`, known: name !== undefined, args };
}

/** The line of the policy, or whatever else decides on a call. */
export function causeOf(call: NamedCall, confinement: Confinement): Cause {
  const { policy, own, refusers } = confinement;
  const section = policy.syscalls;
  const { abi, name } = call;
  if (abi === undefined) return { kind: 'closed-convention', what: 'a convention that this machine lacks' };
  if (section) {
    const meaning = named(confinement);
    const closed = closedConvention(abi, confinement, meaning);
    if (closed) return closed;
    if (!call.known) return unknownNumber(call, confinement, meaning);
    const decided = byPolicy(call, confinement);
    if (decided) return decided;
    if (!permits(verdictOn(meaning, name).limit)) return OWN_FILTER;
  } else if (own && call.known && !permits(own.limit(name))) return OWN_FILTER;
  const directives = refusers(name, abi);
  const entry = policy.service.find(({ name: directive }) => directives.includes(directive));
  if (directives.length > 0) {
    return { kind: 'directive', what: directives.map((one) => `${one}=`).join(', '), at: entry?.at };
  }
  const ready = byReady(call, confinement);
  if (ready) return ready;
  return {
    kind: 'elsewhere',
    what: 'neither the policy as it is nor a directive that is known: another filter',
  };
}

/** The filter for a service that serves, where it doesn't let the call through without a record. */
function byReady({ name }: NamedCall, { policy: { ready }, sets }: Confinement): Cause | undefined {
  if (!ready) return undefined;
  const verdict = verdictOn(resolveCalls(readyCalls(ready), withOwnSets(sets)), name);
  if (answers(verdict).every((action) => action === ALLOW)) return undefined;
  const entry = entriesByCall([...ready.log, ...ready.deny], withOwnSets(sets)).get(name);
  const what = `[ready], once the service serves${entry ? `: ${entry.name}` : ''}`;
  return { kind: 'ready', what, at: entry?.at ?? ready.at };
}

const OWN_FILTER: Cause = { kind: 'own-filter', what: "the unit's own SystemCallFilter=" };

function closedConvention(
  abi: Abi,
  { policy, machine, own }: Confinement,
  meaning: NamedPolicy,
): Cause | undefined {
  if (abi === machine || meaning.architectures.includes(abi)) return undefined;
  const section = policy.syscalls!;
  const wanted = section.architectures?.some(({ value }) => value === abi) === true;
  if (wanted && own?.architectures)
    return { kind: 'own-filter', what: "the unit's own SystemCallArchitectures=" };
  const at = section.architectures?.[0]?.at ?? section.at;
  return { kind: 'closed-convention', what: `${abi} is not in architectures`, at };
}

function unknownNumber(call: NamedCall, { policy }: Confinement, { unlisted }: NamedPolicy): Cause {
  const section = policy.syscalls!;
  if (unlisted === ALLOW)
    return { kind: 'elsewhere', what: `${call.name}, newer than the table of ${NUMBERS_SOURCE}` };
  const what = `unknown = "${formatAction(unlisted)}": it is newer than the table of ${NUMBERS_SOURCE}`;
  return { kind: 'unknown-number', what, at: section.unknown?.at ?? section.at };
}

/** The cause among lists and rules; undefined if these let the call through without a record. */
function byPolicy({ name, abi, args }: NamedCall, { policy, sets }: Confinement): Cause | undefined {
  const section = policy.syscalls!;
  const rules = section.rules.filter((rule) => rule.syscall.value === name);
  const hidden = rules.flatMap((rule) => hiddenFrom(rule, abi!) ?? [])[0];
  if (hidden) return unseen(rules, hidden, verdictOn(resolveCalls(section, sets), name));
  const rule = args ? rules.find((one) => isMet(one, abi!, args)) : rules.slice(0, 1).find(isUnconditional);
  if (rule) {
    if (rule.action.value === ALLOW) return undefined;
    return { kind: 'rule', what: `rule ${name}: ${formatAction(rule.action.value)}`, at: rule.at };
  }
  if (rules.length > 0 && !args) {
    return { kind: 'arguments', what: `rules on the arguments of ${name}`, at: rules[0]!.at };
  }
  const denied = entriesByCall(section.deny, sets).get(name);
  const action = denied?.action ?? refusal(section);
  if (denied) {
    const what = `deny ${denied.name}${action === refusal(section) ? '' : `:${formatAction(action)}`}`;
    return { kind: denied.action === LOG ? 'recorded' : 'denied', what, at: denied.at };
  }
  const lets = rules.find((one) => permits(one.action.value));
  if (lets) return { kind: 'arguments', what: `no rule on ${name} holds for these arguments`, at: lets.at };
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
