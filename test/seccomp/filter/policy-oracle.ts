/**
 * A second reading of policies: from the text of a policy to what its filter must answer, by sandbox-unit.toml(5) and the
 * kernel's manuals alone. It has no code in common with what it judges; systemd's sets are data.
 */
import TOML from '@iarna/toml';
import { setsTable } from '../../../src/seccomp/syscalls/generated/sets.js';
import {
  argumentAt,
  type Convention,
  isHalfHidden,
  isHidden,
  madeBy,
  type Unsettled,
} from './call-layouts.js';

/** An errno's number, or one of the others. */
export type Answer = 'allow' | 'log' | 'kill' | number;

/** A call as it is made: the number without x32's bit, and registers with all their bits. */
export interface MadeCall {
  readonly convention: Convention;
  readonly nr: number;
  readonly registers: readonly bigint[];
}

/** Names of calls by number, of each convention. */
export type CallNames = ReadonlyMap<Convention, ReadonlyMap<number, string>>;

type Value = number | bigint | string;

export interface Condition {
  readonly arg: number;
  readonly width?: number;
  readonly [comparison: string]: Value | readonly Value[] | undefined;
}

interface Rule {
  readonly syscall: string;
  readonly when: readonly Condition[];
  readonly action: Value;
}

interface Section {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly log?: readonly string[];
  readonly action?: Value;
  readonly unknown?: Value;
  readonly implicit?: boolean;
  readonly architectures?: readonly string[];
  readonly rules?: readonly Rule[];
}

/** The errnos and constants that random policies use (asm-generic/errno.h, linux/sched.h, linux/socket.h, linux/fcntl.h). */
export const ERRNOS: Readonly<Record<string, number>> = {
  EPERM: 1,
  EACCES: 13,
  EINVAL: 22,
  ENOSYS: 38,
  ENETDOWN: 100,
};
export const CONSTANTS: Readonly<Record<string, bigint>> = {
  AF_UNIX: 1n,
  AF_INET: 2n,
  AF_INET6: 10n,
  AF_NETLINK: 16n,
  CLONE_THREAD: 0x10000n,
  CLONE_NEWNS: 0x20000n,
  CLONE_NEWUSER: 0x10000000n,
  O_WRONLY: 1n,
  O_RDWR: 2n,
  O_CREAT: 0x40n,
};

function answerOf(action: Value): Answer {
  if (action === 'allow' || action === 'log' || action === 'kill') return action;
  return typeof action === 'string' ? (ERRNOS[action] ?? Number(action)) : Number(action);
}

function numberOf(operand: Value): bigint {
  if (typeof operand !== 'string') return BigInt(operand);
  return operand.split('|').reduce((sum, part) => sum | (CONSTANTS[part] ?? BigInt(part)), 0n);
}

type Holds = (argument: bigint, operand: bigint) => boolean;

const COMPARISONS: Readonly<Record<string, Holds>> = {
  eq: (argument, operand) => argument === operand,
  ne: (argument, operand) => argument !== operand,
  lt: (argument, operand) => argument < operand,
  le: (argument, operand) => argument <= operand,
  gt: (argument, operand) => argument > operand,
  ge: (argument, operand) => argument >= operand,
  'bits-set': (argument, operand) => (argument & operand) === operand,
  'bits-clear': (argument, operand) => (argument & operand) === 0n,
  'bits-any': (argument, operand) => (argument & operand) !== 0n,
};

/** How many of an argument's bits count. */
export const widthOf = ({ width = 32 }: Condition): number => width;

/** The name of a condition's comparison. */
export const comparisonOf = (condition: Condition): string =>
  [...Object.keys(COMPARISONS), 'in'].find((name) => name in condition)!;

/** The numbers that a condition compares with: one, but for `in`. */
export const operandsOf = (condition: Condition): bigint[] =>
  [condition[comparisonOf(condition)] as Value | readonly Value[]].flat().map(numberOf);

/** Whether a condition holds for an argument. */
function holdsFor(condition: Condition, argument: bigint): boolean {
  const cut = (value: bigint) => BigInt.asUintN(widthOf(condition), value);
  const holds = COMPARISONS[comparisonOf(condition)] ?? COMPARISONS.eq!;
  return operandsOf(condition).some((operand) => holds(cut(argument), cut(operand)));
}

/** What 32 bits are as 64 bits: with zeros above, or with their sign. */
const EXTENSIONS: readonly ((argument: bigint) => bigint)[] = [
  (argument) => BigInt.asUintN(32, argument),
  (argument) => BigInt.asUintN(64, BigInt.asIntN(32, argument)),
];

/** Whether a condition holds for an argument of 32 bits: if at all, then for one of these. */
const canHold = (condition: Condition, extend: (argument: bigint) => bigint): boolean =>
  [0n, 0x7fffffffn, 0x80000000n, 0xffffffffn, ...operandsOf(condition)].some((argument) =>
    holdsFor(condition, extend(argument)),
  );

/** Whether a condition holds for any argument: if not, then not for one of these. */
const holdsForAll = (condition: Condition): boolean =>
  [0n, 1n, 0xffffffff_ffffffffn, ...operandsOf(condition).flatMap((one) => [one, one + 1n])].every(
    (argument) => holdsFor(condition, argument),
  );

/** systemd's sets, each line a set's name or, indented, a member. */
function readSets(): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of setsTable.split('\n').filter(Boolean)) {
    if (line.startsWith(' ')) members.push(line.trim());
    else {
      members = [];
      sets.set(line, members);
    }
  }
  return sets;
}

const SETS = readSets();

export const setNames = (): string[] => [...SETS.keys()];

const isMember = (set: string, name: string): boolean =>
  SETS.get(set)!.some((one) => one === name || (one.startsWith('@') && isMember(one, name)));

/** The last entry with the call's own name, or else the last set that has it. */
const entryFor = (entries: readonly string[] | undefined, name: string): string | undefined =>
  entries?.findLast((entry) => bare(entry) === name) ??
  entries?.findLast((entry) => entry.startsWith('@') && isMember(bare(entry), name));

const bare = (entry: string): string => entry.split(':')[0]!;

const ERRNO_RANK = 2;
const rank = (answer: Answer): number =>
  typeof answer === 'number' ? ERRNO_RANK : { kill: 3, log: 1, allow: 0 }[answer];

/** The strictest answers; which of two errnos is the stricter nobody says. */
function strictest(answers: readonly Answer[]): Answer[] {
  const top = Math.max(...answers.map(rank));
  return answers.filter((answer) => rank(answer) === top);
}

/** What a policy says of calls. */
export class PolicyOracle {
  readonly #section: Section;
  readonly #names: CallNames;

  constructor(text: string, names: CallNames) {
    this.#section = (TOML.parse(text) as { syscalls?: Section }).syscalls ?? {};
    this.#names = names;
  }

  /** What the filter may answer: mostly one thing. */
  answers(call: MadeCall): readonly Answer[] {
    const { convention, nr } = call;
    if (!this.opens(convention)) return ['kill'];
    const name = this.#names.get(convention)!.get(nr);
    if (name === undefined) return [this.#isElsewhere(convention, nr) ? ERRNOS.ENOSYS! : this.#unknown()];
    return [...new Set([...this.#decide(call, name, 'zeros'), ...this.#decide(call, name, 'sign')])];
  }

  /** Whether calls of a convention may pass at all. */
  opens(convention: Convention): boolean {
    return convention === 'x86-64' || (this.#section.architectures ?? []).includes(convention);
  }

  /** The rules on a call. */
  rulesOn(name: string): readonly Rule[] {
    return (this.#section.rules ?? []).filter(({ syscall }) => syscall === name);
  }

  /** Whether a rule or an entry of the policy's has this name. */
  names(name: string): boolean {
    const { allow = [], deny = [], log = [] } = this.#section;
    return this.rulesOn(name).length > 0 || [...allow, ...deny, ...log].some((entry) => bare(entry) === name);
  }

  /** Kernels before 5.4 took these for calls of the other convention; newer ones answer ENOSYS. */
  #isElsewhere(convention: Convention, nr: number): boolean {
    const other = { 'x86-64': 'x32', x32: 'x86-64', x86: undefined }[convention] as Convention | undefined;
    return other !== undefined && this.#names.get(other)!.has(nr);
  }

  #unknown(): Answer {
    const { allow, unknown = this.#refusal() === 'log' ? 'log' : 'ENOSYS' } = this.#section;
    return allow ? answerOf(unknown) : 'allow';
  }

  /** The rule that decides on a call by its arguments. */
  ruleFor(
    { convention, registers }: MadeCall,
    name: string,
    unsettled: Unsettled = 'zeros',
  ): Rule | undefined {
    return this.rulesOn(name).find(({ when }) =>
      when.every((condition) =>
        holdsFor(condition, argumentAt(convention, name, condition.arg, registers, unsettled)),
      ),
    );
  }

  #decide(call: MadeCall, name: string, unsettled: Unsettled): Answer[] {
    const { convention, registers } = call;
    const rules = this.rulesOn(name);
    const blind = rules
      .flatMap(({ when }) => when)
      .filter(
        ({ arg, width }) =>
          isHidden(convention, name, arg) || (width === 64 && isHalfHidden(convention, name, arg)),
      );
    if (blind.some((one) => !holdsForAll(one))) return this.#strictestOf(name, rules);
    const rule = this.ruleFor(call, name, unsettled);
    const own = rule ? answerOf(rule.action) : this.#withoutRule(name);
    const made = convention === 'x86' ? madeBy(name, registers) : [];
    if (blind.length > 0) return [own, ...this.#strictestOf(name, rules)];
    return made.reduce<Answer[]>(
      (so, call) => so.flatMap((one) => this.#behind(call).flatMap((other) => strictest([one, other]))),
      [own],
    );
  }

  /** What a call whose arguments can't be seen gets at most. */
  #strictestOf(name: string, rules: readonly Rule[]): Answer[] {
    return strictest([...rules.map(({ action }) => answerOf(action)), this.#withoutRule(name)]);
  }

  /** The same of one that another call makes; there rules that hold for no 32 bits may count or not. */
  #behind(name: string): Answer[] {
    const rules = this.rulesOn(name);
    const possible = EXTENSIONS.map((extend) =>
      rules.filter(({ when }) => when.every((condition) => canHold(condition, extend))),
    );
    return [rules, ...possible].flatMap((some) => this.#strictestOf(name, some));
  }

  #withoutRule(name: string): Answer {
    const { allow, deny, log, implicit = true } = this.#section;
    const denied = entryFor(deny, name);
    if (denied !== undefined) return denied.includes(':') ? answerOf(denied.split(':')[1]!) : this.#refusal();
    if (this.rulesOn(name).some(({ action }) => action === 'allow' || action === 'log')) {
      return this.#refusal();
    }
    if (entryFor(log, name) !== undefined) return 'log';
    if (!allow || entryFor(allow, name) !== undefined) return 'allow';
    return implicit && isMember('@default', name) ? 'allow' : this.#refusal();
  }

  #refusal(): Answer {
    return answerOf(this.#section.action ?? 'kill');
  }
}
