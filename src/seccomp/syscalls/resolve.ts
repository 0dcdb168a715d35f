import { groupBy } from '../../collections.js';
import { type Abi, abisOf, EVERY_ARCHITECTURE, type Machine } from './abi.js';
import { type Action, ALLOW, ENOSYS, KILL, LOG, permits, stricter } from './action.js';
import { conditionsOf, hiddenFrom } from './conditions.js';
import { MULTIPLEXED, type Multiplexer } from './multiplex.js';
import { answers, type NamedPolicy, type NamedVerdict } from './named-policy.js';
import { numbersOf } from './numbers.js';
import { permissive, recordingAll } from './permissive.js';
import type { AbiPolicy, ArgumentRule, Condition, SyscallPolicy, Verdict } from './policy.js';
import type { CallEntry, SyscallsSection } from './section.js';
import { expandSet, type SyscallSets } from './sets.js';

/** The calls that an entry stands for: the call itself, or the members of its set. */
export function callsOf(entry: { readonly name: string }, sets: SyscallSets): readonly string[] {
  return entry.name.startsWith('@') ? (expandSet(sets, entry.name) ?? []) : [entry.name];
}

/** The action of refused calls without an action of their own. */
export const refusal = (section: SyscallsSection): Action => section.action?.value ?? KILL;

/**
 * Resolves the lists, the rules and the unit's own limits to one verdict a call. `deny` wins over `log`, `log` over
 * `allow`. Within a list a call's own name wins over a set that holds it, and a later entry over an earlier one. A call
 * with a rule that lets it through is refused where no rule holds. A permissive section lets calls through and records
 * them where it would refuse them.
 * @param own what is refused by itself, as by the unit's own filter
 */
export function resolveCalls(section: SyscallsSection, sets: SyscallSets, own?: NamedPolicy): NamedPolicy {
  const action = refusal(section);
  const implicit: CallEntry[] =
    section.allow && (section.implicit?.value ?? true) ? [{ name: '@default', at: section.at }] : [];
  const allowed = entriesByCall([...implicit, ...(section.allow ?? [])], sets);
  const logged = entriesByCall(section.log, sets);
  const denied = entriesByCall(section.deny, sets);
  const rules = groupBy(section.rules, (rule) => rule.syscall.value);
  const unnamed = section.allow ? action : ALLOW;
  const limited = stricter(unnamed, own?.unnamed ?? ALLOW);
  const open = own?.architectures ?? EVERY_ARCHITECTURE;

  const listed = (call: string): Action => {
    const entry = denied.get(call);
    if (entry) return entry.action ?? action;
    if (logged.has(call)) return LOG;
    return allowed.has(call) ? ALLOW : unnamed;
  };
  const verdict = (call: string): NamedVerdict => {
    const ruled = rules.get(call) ?? [];
    const lets = ruled.some((rule) => permits(rule.action.value));
    const otherwise = lets && !denied.has(call) ? action : listed(call);
    return { rules: ruled, otherwise, limit: limitBy(own, call) };
  };
  const names = new Set([...allowed, ...logged, ...denied, ...rules].map(([call]) => call));
  for (const call of own?.verdicts.keys() ?? []) names.add(call);
  const named: NamedPolicy = {
    mode: permits(limited) ? 'deny' : 'allow',
    verdicts: new Map([...names].sort().map((call) => [call, verdict(call)])),
    unnamed: limited,
    unnamedLimit: own?.unnamed ?? ALLOW,
    unlisted: stricter(unlistedAction(section), own?.unlisted ?? ALLOW),
    architectures: (section.architectures ?? [])
      .map(({ value }) => value)
      .filter((one) => open.includes(one)),
    recordedArchitectures: [],
  };
  return section.permissive ? permissive(named, own) : named;
}

function unlistedAction(section: SyscallsSection): Action {
  if (!section.allow) return ALLOW;
  if (section.unknown) return section.unknown.value;
  return refusal(section) === LOG ? LOG : ENOSYS;
}

/**
 * The entry of a list that decides for each call: an entry with the call's own name wins over a set, a later entry over
 * an earlier one.
 */
export function entriesByCall(entries: readonly CallEntry[], sets: SyscallSets): Map<string, CallEntry> {
  const byName = new Map<string, CallEntry>();
  for (const entry of entries) {
    byName.delete(entry.name);
    byName.set(entry.name, entry);
  }
  const isSet = (entry: CallEntry) => entry.name.startsWith('@');
  const last = [...byName.values()];
  const ordered = [...last.filter(isSet), ...last.filter((entry) => !isSet(entry))];
  return new Map(ordered.flatMap((entry) => callsOf(entry, sets).map((call) => [call, entry] as const)));
}

/** The verdict on a call that no list, rule or own filter names. */
const unnamedVerdict = (policy: NamedPolicy): NamedVerdict => ({
  rules: [],
  otherwise: policy.unnamed,
  limit: policy.unnamedLimit,
});

/** A verdict that is the same whatever the arguments. */
export const always = (otherwise: Action): NamedVerdict => ({ rules: [], otherwise, limit: ALLOW });

export const verdictOn = (policy: NamedPolicy, call: string): NamedVerdict =>
  policy.verdicts.get(call) ?? unnamedVerdict(policy);

/** The strictest action that a call may get: a filter that sees no arguments must answer it to be strict enough. */
export const strictest = (verdict: NamedVerdict): Action => answers(verdict).reduce(stricter);

/** The mildest action that a call may get: a filter that sees no arguments may answer it, and is never too strict. */
export const mildest = (verdict: NamedVerdict): Action =>
  answers(verdict).reduce((a, b) => (stricter(a, b) === a ? b : a));

/** The answer to a call of what refuses it by itself: of one that depends on arguments the mildest. */
export const limitBy = (own: NamedPolicy | undefined, call: string): Action =>
  own ? mildest(verdictOn(own, call)) : ALLOW;

/** Whether the unit's own filter refuses a call that the policy lets through for some arguments. */
export const isOwnRefusal = ({ rules, otherwise, limit }: NamedVerdict): boolean =>
  !permits(limit) && [otherwise, ...rules.map((rule) => rule.action.value)].some(permits);

/**
 * Gives a policy the numbers of one machine.
 * @throws UserError `policy-value` where an operand has no value on one of its ABIs
 */
export function resolve(policy: NamedPolicy, machine: Machine): SyscallPolicy {
  const [native, ...foreign] = abisOf(machine);
  const open = [native!, ...foreign.filter((abi) => policy.architectures.includes(abi))];
  const recorded = foreign.filter((abi) => policy.recordedArchitectures.includes(abi));
  return {
    machine,
    abis: new Map([
      ...open.map((abi) => [abi, abiPolicy(policy, abi)] as const),
      ...recorded.map((abi) => [abi, abiPolicy(recordingAll(policy), abi)] as const),
    ]),
  };
}

function abiPolicy(policy: NamedPolicy, abi: Abi): AbiPolicy {
  const verdicts = new Map<number, Verdict>();
  for (const [call, number] of numbersOf(abi)) {
    verdicts.set(number, concrete(verdictOn(policy, call), abi));
  }
  for (const number of abi === 'x32' ? nativeOnly() : []) {
    verdicts.set(number, { rules: [], otherwise: ENOSYS });
  }
  for (const multiplexer of MULTIPLEXED.get(abi) ?? []) {
    const number = numbersOf(abi).get(multiplexer.call);
    if (number !== undefined)
      verdicts.set(number, throughMultiplexer(policy, abi, multiplexer, verdicts.get(number)!));
  }
  return { verdicts, unlisted: policy.unlisted };
}

/**
 * Numbers of x86-64 that x32 lacks. With bit 30 they reach the 64-bit call on kernels before 5.10; newer kernels answer
 * ENOSYS.
 */
const nativeOnly = (): number[] => {
  const x32 = new Set(numbersOf('x32').values());
  return [...numbersOf('x86-64').values()].filter((number) => !x32.has(number));
};

/** A verdict on the registers of an ABI. Where no filter can compare an argument there, the strictest action counts. */
function concrete(named: NamedVerdict, abi: Abi): Verdict {
  const { rules, otherwise, limit } = named;
  if (rules.some((rule) => hiddenFrom(rule, abi))) return { rules: [], otherwise: strictest(named) };
  return {
    rules: rules.flatMap((rule) => {
      const when = conditionsOf(rule, abi);
      return when ? [{ when, action: stricter(rule.action.value, limit) }] : [];
    }),
    otherwise: stricter(otherwise, limit),
  };
}

/**
 * The verdict on `socketcall` or `ipc`: each selected call gets the strictest of the verdicts on it and on the
 * multiplexer. A verdict that depends on arguments counts by its strictest action, since the arguments are in memory,
 * where a filter can't look.
 */
function throughMultiplexer(
  policy: NamedPolicy,
  abi: Abi,
  multiplexer: Multiplexer,
  plain: Verdict,
): Verdict {
  const made = (call: string): Action[] => {
    const inner = concrete(verdictOn(policy, call), abi);
    return [inner.otherwise, ...inner.rules.map((rule) => rule.action)];
  };
  const rules = [...multiplexer.calls].flatMap(([value, calls]) =>
    atLeast(plain, calls.flatMap(made).reduce(stricter), selects(multiplexer.mask, value)),
  );
  return { rules: [...rules, ...plain.rules], otherwise: plain.otherwise };
}

/**
 * Rules that make a verdict at least as strict as an action where conditions hold; empty where the verdict is so
 * already.
 */
function atLeast({ rules, otherwise }: Verdict, least: Action, where: readonly Condition[]): ArgumentRule[] {
  const own: readonly ArgumentRule[] = [...rules, { when: [], action: otherwise }];
  const made = own.map(({ when, action }) => ({
    when: [...where, ...when],
    action: stricter(action, least),
  }));
  return made.every(({ action }, at) => action === own[at]!.action) ? [] : made;
}

/** Conditions that hold if the masked first argument equals the value. */
const selects = (mask: bigint, value: bigint): Condition[] => [
  { arg: 0, op: 'bits-set', values: [value], width: 32 },
  { arg: 0, op: 'bits-clear', values: [mask & ~value], width: 32 },
];
