import { type Abi, abiOf, type Machine } from './abi.js';
import { type Action, ENOSYS, KILL } from './action.js';

/** How a condition compares; `bits-*` compare with a mask. */
export type Operator =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'in'
  | 'bits-set'
  | 'bits-clear'
  | 'bits-any';

/** One comparison of one argument, unsigned. */
export interface Condition {
  /** Which of the six registers, 0 to 5: of a value in two registers the one whose lower half is its lower half. */
  readonly arg: number;
  /** The other one, whose lower half is the value's upper half; only where `width` is 64. */
  readonly upper?: number;
  readonly op: Operator;
  /** One value; for `in` one or more. Each fits in `width` bits. */
  readonly values: readonly bigint[];
  /** How many of the register's lower bits are compared; the others are ignored. */
  readonly width: 16 | 32 | 64;
}

/** All conditions must hold for the action to be taken. */
export interface ArgumentRule {
  readonly when: readonly Condition[];
  readonly action: Action;
}

/** What happens to one call: the first rule that holds decides, else `otherwise`. */
export interface Verdict {
  readonly rules: readonly ArgumentRule[];
  readonly otherwise: Action;
}

/** What happens to every number of one ABI. */
export interface AbiPolicy {
  /** By number as the table has it (x32: without bit 30). Numbers absent here get `unlisted`. */
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** For numbers that no table knows. */
  readonly unlisted: Action;
}

/**
 * The meaning of a policy on one machine: an action for every call of every ABI.
 * An ABI that isn't in `abis` is refused: any call through it kills the process.
 */
export interface SyscallPolicy {
  readonly machine: Machine;
  readonly abis: ReadonlyMap<Abi, AbiPolicy>;
}

/** What the kernel hands to a filter (struct seccomp_data), less the instruction pointer. */
export interface Call {
  /** AUDIT_ARCH_* of the calling ABI. */
  readonly arch: number;
  /** Unsigned 32 bits, with bit 30 for x32. */
  readonly nr: number;
  /** Six registers, unsigned 64 bits each. */
  readonly args: readonly bigint[];
}

const MASK32 = 0xffffffffn;

/** The value that a condition compares. @param registers six, unsigned 64 bits each */
function compared({ arg, upper, width }: Condition, registers: readonly bigint[]): bigint {
  const low = BigInt.asUintN(Math.min(width, 32), registers[arg]!);
  if (width < 64) return low;
  return upper === undefined ? registers[arg]! : ((registers[upper]! & MASK32) << 32n) | low;
}

/** Whether a condition holds for a call's six registers. */
export function holds(condition: Condition, registers: readonly bigint[]): boolean {
  const value = compared(condition, registers);
  const operand = condition.values[0]!;
  switch (condition.op) {
    case 'eq':
      return value === operand;
    case 'ne':
      return value !== operand;
    case 'lt':
      return value < operand;
    case 'le':
      return value <= operand;
    case 'gt':
      return value > operand;
    case 'ge':
      return value >= operand;
    case 'in':
      return condition.values.includes(value);
    case 'bits-set':
      return (value & operand) === operand;
    case 'bits-clear':
      return (value & operand) === 0n;
    case 'bits-any':
      return (value & operand) !== 0n;
  }
}

/** What a verdict says for these arguments. */
export function decide(verdict: Verdict, args: readonly bigint[]): Action {
  const rule = verdict.rules.find((r) => r.when.every((c) => holds(c, args)));
  return rule ? rule.action : verdict.otherwise;
}

/**
 * The policy's own meaning for one call: what every filter made from it must answer.
 * x86-64 numbers 512 to 547 without bit 30 reach x32 code on kernels before 5.10; newer ones say ENOSYS, and so does this.
 */
export function evaluate(policy: SyscallPolicy, call: Call): Action {
  const id = abiOf(policy.machine, call.arch, call.nr);
  const abi = id && policy.abis.get(id.abi);
  if (!id || !abi) return KILL;
  if (id.abi === 'x86-64' && id.nr >= 512 && id.nr <= 547) return ENOSYS;
  const verdict = abi.verdicts.get(id.nr);
  return verdict ? decide(verdict, call.args) : abi.unlisted;
}
