import { shortList } from '../collections.js';
import type { Location } from '../diagnostic.js';
import type { Expectation, Phase, Policy } from '../policy/policy.js';
import type { Abi } from '../seccomp/syscalls/abi.js';
import { ALLOW, permits } from '../seccomp/syscalls/action.js';
import { formatAction } from '../seccomp/syscalls/action-text.js';
import { argumentIn, placeOf } from '../seccomp/syscalls/arguments.js';
import { hiddenFrom } from '../seccomp/syscalls/conditions.js';
import type { NamedPolicy, NamedVerdict } from '../seccomp/syscalls/named-policy.js';
import { callNames } from '../seccomp/syscalls/numbers.js';
import { verdictOn } from '../seccomp/syscalls/resolve.js';
import {
  type CallEntry,
  type CallLists,
  type ConditionEntry,
  NO_SYSCALLS,
  type RuleEntry,
} from '../seccomp/syscalls/section.js';
import {
  type AllowingChange,
  type Cause,
  type Confinement,
  failedExpectations,
  listsOf,
  named,
  withLists,
} from './refused-call.js';
import type { NamedCall } from './tally.js';

/** Changes of a table of the policy, and the lists that they make of its own. */
interface Edit {
  readonly lists: CallLists;
  readonly changes: readonly AllowingChange[];
  /** The rule that lets the call through, if one is added. */
  readonly rule?: RuleEntry;
}

/**
 * The smallest changes that let a call through and change nothing else, each tried on the policy in memory. They edit
 * the policy's file, not those that it extends. Empty if there are no such changes.
 * @param relaxed the unit's own limits with `SystemCallFilter=CALL` after its other lines
 * @param phase the phase whose table refuses the call: `[syscalls]` or `[ready]`
 */
export function changesFor(
  call: NamedCall,
  confinement: Confinement,
  relaxed: (call: string) => NamedPolicy | undefined,
  phase: Phase = 'start',
): readonly AllowingChange[] {
  const before = named(confinement, phase);
  if (!call.known || call.abi === undefined || !isOpen(call.abi, before, confinement)) return [];
  const isOwn = !permits(verdictOn(before, call.name).limit);
  const own = isOwn ? relaxed(call.name) : confinement.own;
  const changed = ({ lists }: Edit) => ({
    ...confinement,
    policy: withLists(confinement.policy, phase, lists),
    own,
  });
  const fits = (edit: Edit) => isExact(before, named(changed(edit), phase), call.name, edit);
  const lists = listsOf(confinement.policy, phase);
  const { file } = confinement.policy;
  const edits = lists ? editsOf(call, { file, phase }, lists) : [];
  const found = edits.find(fits);
  if (!found) return [];
  const after = changed(found);
  return [...found.changes, ...expected(call.name, after), ...(isOwn ? [unitChange(call.name)] : [])];
}

/**
 * Changes of the expectations on a call that the new policy doesn't meet. An expectation in the file is edited; one in
 * an extended file gets another one in the file.
 */
function expected(name: string, confinement: Confinement): AllowingChange[] {
  const { policy } = confinement;
  const about = policy.expect.filter(({ syscall }) => syscall.value === name);
  const fails = (one: Expectation) =>
    failedExpectations({ ...confinement, policy: { ...policy, expect: [one] } }).length > 0;
  return about
    .filter(fails)
    .map((one) => (one.action.at.file === policy.file ? expectAllowed(one) : expectAnew(one, policy.file)));
}

const ALLOWED = 'action = "allow"';

const expectAllowed = ({ action: { at } }: Expectation): AllowingChange => ({
  does: `change the expected action in line ${at.line}`,
  where: at.file,
  text: ALLOWED,
  line: at.line,
  edit: { kind: 'replace', at, text: '"allow"' },
});

function expectAnew({ syscall, args, architecture, phase }: Expectation, file: string): AllowingChange {
  const given = args.map(({ value }) => (typeof value === 'bigint' ? `${value}` : `"${value}"`));
  const lines = [
    '[[expect]]',
    `syscall = "${syscall.value}"`,
    ...(given.length > 0 ? [`args = [${given.join(', ')}]`] : []),
    ...(architecture ? [`architecture = "${architecture.value}"`] : []),
    ...(phase ? [`phase = "${phase.value}"`] : []),
    ALLOWED,
  ];
  const does = `add an expectation that replaces ${syscall.at.file}:${syscall.at.line}`;
  const text = lines.join('\n');
  return { does, where: file, text, edit: { kind: 'insert', text, before: undefined } };
}

/** Whether a convention's calls can be let through: a convention that is closed as a whole stays so. */
const isOpen = (abi: Abi, { architectures }: NamedPolicy, { machine }: Confinement): boolean =>
  abi === machine || architectures.includes(abi);

const unitChange = (call: string): AllowingChange => ({
  does: `add SystemCallFilter=${call} to the unit`,
  where: 'systemctl edit',
  text: `[Service]\nSystemCallFilter=${call}`,
});

/** A table of a policy's file. */
interface PolicyTable {
  readonly file: string;
  readonly phase: Phase;
}

const nameOf = ({ phase }: PolicyTable) => (phase === 'start' ? 'syscalls' : 'ready');

/** Possible edits, the smallest first. The last one adds a rule, which stands before all lists. */
function editsOf(call: NamedCall, table: PolicyTable, lists: CallLists): Edit[] {
  const none: Edit = { lists, changes: [] };
  const taken = withoutDenied(call.name, table, none);
  const added = (edit: Edit) => withAllowed(call.name, table, edit);
  const rule = withRule(call, table, lists);
  return [none, ...taken, ...added(none), ...taken.flatMap(added), ...rule];
}

function withoutDenied(name: string, { file }: PolicyTable, edit: Edit): Edit[] {
  const gone = edit.lists.deny.filter((entry) => entry.name === name && entry.at.file === file);
  if (gone.length === 0) return [];
  const deny = edit.lists.deny.filter((entry) => !gone.includes(entry));
  const changes = gone.map((entry): AllowingChange => {
    const { line } = entry.at;
    const does = `take "${written(entry)}" out of deny in line ${line}`;
    return { does, where: file, line, edit: { kind: 'take-out', entry: written(entry), at: entry.at } };
  });
  return [{ lists: { ...edit.lists, deny }, changes: [...edit.changes, ...changes] }];
}

const written = ({ name, action }: CallEntry): string =>
  action === undefined ? name : `${name}:${formatAction(action)}`;

function withAllowed(name: string, table: PolicyTable, edit: Edit): Edit[] {
  const { file } = table;
  const { allow } = edit.lists;
  if (!allow) return [];
  const own = allow.filter(({ at }) => at.file === file);
  const line = own[0]?.at.line;
  const common = {
    where: file,
    edit: { kind: 'add', table: nameOf(table), list: 'allow', name, after: own.at(-1)?.at },
  } as const;
  const change: AllowingChange =
    line !== undefined
      ? { does: `add "${name}" to allow in line ${line}`, text: `"${name}"`, line, ...common }
      : {
          does: `allow "${name}" in [${nameOf(table)}]`,
          text: `[${nameOf(table)}]\nallow = ["${name}"]`,
          ...common,
        };
  const more = [...allow, { name, at: edit.lists.at }];
  return [{ lists: { ...edit.lists, allow: more }, changes: [...edit.changes, change] }];
}

/**
 * An edit that adds a rule before all others: for these arguments if they are known and other rules depend on some,
 * else for all.
 */
function withRule(call: NamedCall, table: PolicyTable, lists: CallLists): Edit[] {
  const { file } = table;
  const { abi, name, args } = call;
  const others = lists.rules.filter((rule) => rule.syscall.value === name);
  if (others.some((rule) => hiddenFrom(rule, abi!))) return [];
  const at = lists.at;
  const tested = others.flatMap((rule) => rule.when);
  const when = args && tested.length > 0 ? exactly(tested, call, args) : [ANY_ARGUMENT];
  const rule: RuleEntry = {
    at,
    syscall: { value: name, at },
    action: { value: ALLOW, at },
    when: when.map(
      (one): ConditionEntry => ({
        arg: one.arg,
        op: one.op,
        width: one.width,
        at,
        operands: [{ value: one.value, at }],
      }),
    ),
  };
  const first = others.find((one) => one.at.file === file);
  const place = first ? `before the others on ${name}, in line ${first.at.line}` : '';
  const which = tested.length > 0 && !args ? ` whatever its arguments${place && ','}` : '';
  const text = ruleText(nameOf(table), name, when);
  const change: AllowingChange = {
    does: `add a rule that allows ${name}${which}${place && ` ${place}`}`,
    where: file,
    text,
    ...(first ? { line: first.at.line } : {}),
    edit: { kind: 'insert', text, before: first?.at },
  };
  return [{ lists: { ...lists, rules: [rule, ...lists.rules] }, changes: [change], rule }];
}

interface ArgumentTest {
  readonly arg: number;
  readonly op: 'eq' | 'ge';
  readonly value: bigint;
  readonly width: 32 | 64;
}

/** A rule must have a condition: this one always holds. */
const ANY_ARGUMENT: ArgumentTest = { arg: 0, op: 'ge', value: 0n, width: 32 };

/** Conditions for the arguments that some rule looks at: each equals the recorded one. */
function exactly(
  tested: readonly ConditionEntry[],
  { abi, name }: NamedCall,
  registers: readonly bigint[],
): ArgumentTest[] {
  const looked = [...new Set(tested.map(({ arg }) => arg))].sort();
  return looked.flatMap((arg) => {
    const place = placeOf(abi!, name, arg);
    if ('why' in place) return [];
    const width = tested.some((one) => one.arg === arg && one.width === 64) ? 64 : 32;
    return [{ arg, op: 'eq', value: BigInt.asUintN(width, argumentIn(registers, place)), width }];
  });
}

function ruleText(table: string, name: string, when: readonly ArgumentTest[]): string {
  const conditions = when.map(({ arg, op, value, width }) => {
    // An integer of TOML is signed.
    const operand = value < 1n << 63n ? `${value}` : `"${value}"`;
    return `{ arg = ${arg}, ${op} = ${operand}${width === 64 ? ', width = 64' : ''} }`;
  });
  const comment = when.includes(ANY_ARGUMENT) ? ' # any value' : '';
  return `[[${table}.rules]]\nsyscall = "${name}"\nwhen = [${conditions.join(', ')}]${comment}\naction = "allow"`;
}

/** Whether a policy lets a call through after a change, and treats all others as before. */
function isExact(before: NamedPolicy, after: NamedPolicy, name: string, { rule, changes }: Edit): boolean {
  const verdict = verdictOn(after, name);
  const decided = rule
    ? verdict.rules[0] === rule
    : verdict.rules.length === 0 && verdict.otherwise === ALLOW;
  const others = new Set([...callNames(), ...before.verdicts.keys(), ...after.verdicts.keys()]);
  others.delete(name);
  // An edit without a change fits only if the unit alone refuses the call.
  const isNeeded = changes.length > 0 || !permits(verdictOn(before, name).limit);
  return (
    isNeeded &&
    decided &&
    permits(verdict.limit) &&
    before.unlisted === after.unlisted &&
    [...others].every((other) => isSame(verdictOn(before, other), verdictOn(after, other)))
  );
}

const isSame = (a: NamedVerdict, b: NamedVerdict): boolean =>
  a.otherwise === b.otherwise &&
  a.limit === b.limit &&
  a.rules.length === b.rules.length &&
  a.rules.every((rule, i) => rule === b.rules[i]);

/**
 * The change that leaves out the base which refuses a call, one of `extends` or the host's defaults; undefined if no
 * such change lets the call through.
 */
export function withoutBase(
  call: NamedCall,
  cause: Cause,
  confinement: Confinement,
): AllowingChange | undefined {
  const { file } = confinement.policy;
  const phase = cause.phase ?? 'start';
  if (cause.kind !== 'denied' || cause.at === undefined || cause.at.file === file) return undefined;
  const weaker = (confinement.weaker ?? []).find(({ policy }) =>
    letsThrough(call, { ...confinement, policy }, phase),
  );
  if (!weaker) return undefined;
  // Without an allow list everything would be let through.
  const [all, left] = [confinement, weaker].map(({ policy }) => listsOf(policy, phase)?.allow);
  if (all && !left) return undefined;
  const { does, line } = weaker;
  const others = lost(confinement.policy, weaker.policy, cause.at);
  const besides = others.length > 0 ? `, and with it ${shortList(others)}` : '';
  return { does: `${does}${besides}`, where: file, line };
}

function letsThrough({ name, abi }: NamedCall, confinement: Confinement, phase: Phase): boolean {
  const meaning = named(confinement, phase);
  const { rules, otherwise, limit } = verdictOn(meaning, name);
  const isAllowed = rules.length === 0 && otherwise === ALLOW && permits(limit);
  return isAllowed && abi !== undefined && isOpen(abi, meaning, confinement);
}

/** Entries of a policy that a weaker one lacks, but for one: refused calls, rules, directives. */
function lost(policy: Policy, weaker: Policy, but: Location): string[] {
  const [all, left] = [policy, weaker].map(({ syscalls = NO_SYSCALLS, ready = NO_SYSCALLS, service }) => [
    ...[...syscalls.deny, ...ready.deny].map(({ name, at }) => ({ what: name, at })),
    ...[...syscalls.rules, ...ready.rules].map(({ syscall, at }) => ({
      what: `rules on ${syscall.value}`,
      at,
    })),
    ...service.map(({ name, at }) => ({ what: `${name}=`, at })),
  ]) as [BaseLine[], BaseLine[]];
  const kept = new Set(left.map(({ at }) => at));
  return [...new Set(all.filter(({ at }) => at !== but && !kept.has(at)).map(({ what }) => what))];
}

interface BaseLine {
  readonly what: string;
  readonly at: Location;
}
