import { type Abi, abiOf, type Machine } from './abi.js';
import { type Action, ENOSYS, KILL } from './action.js';

/** The comparison of a condition; `bits-*` compare with a mask. */
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

/** One unsigned comparison of one argument. */
export interface Condition {
  /** The register, 0 to 5; of a value in two registers the one that holds its lower half. */
  readonly arg: number;
  /** The register whose lower half is the value's upper half; only where `width` is 64. */
  readonly upper?: number;
  readonly op: Operator;
  /** One operand, or one or more for `in`. Each fits in `width` bits. */
  readonly values: readonly bigint[];
  /** The number of the value's lower bits that are compared; the others are ignored. */
  readonly width: 16 | 32 | 64;
}

/** A rule on arguments: its action counts if all conditions hold. */
export interface ArgumentRule {
  readonly when: readonly Condition[];
  readonly action: Action;
}

/** The verdict on one call: the first rule that holds decides, else `otherwise`. */
export interface Verdict {
  readonly rules: readonly ArgumentRule[];
  readonly otherwise: Action;
}

/** The verdicts on all numbers of one ABI. */
export interface AbiPolicy {
  /** Verdicts by the table's number (x32: without bit 30). Other numbers get `unlisted`. */
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** The action for numbers that no table knows. */
  readonly unlisted: Action;
}

/**
 * The meaning of a policy on one machine: an action for every call of every ABI. A call through an ABI that isn't in
 * `abis` kills the process.
 */
export interface SyscallPolicy {
  readonly machine: Machine;
  readonly abis: ReadonlyMap<Abi, AbiPolicy>;
}

/** The kernel's input to a filter (struct seccomp_data) without the instruction pointer. */
export interface SeccompData {
  /** The AUDIT_ARCH_* value of the calling ABI. */
  readonly arch: number;
  /** The number: unsigned 32 bits, with bit 30 for x32. */
  readonly nr: number;
  /** The six argument registers, unsigned 64 bits each. */
  readonly args: readonly bigint[];
}

const MASK32 = 0xffffffffn;

/**
 * The value that a condition compares.
 * @param registers six, unsigned 64 bits each
 */
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

/** The action of a verdict for these arguments. */
export function decide(verdict: Verdict, args: readonly bigint[]): Action {
  const rule = verdict.rules.find((r) => r.when.every((c) => holds(c, args)));
  return rule ? rule.action : verdict.otherwise;
}

const REFUSED: Verdict = { rules: [], otherwise: KILL };
const NO_SYSTEM_CALL: Verdict = { rules: [], otherwise: ENOSYS };

/**
 * The verdict of a policy on a call. The x86-64 numbers 512 to 547 without bit 30 reach x32 code on kernels before 5.10; newer
 * kernels answer ENOSYS, and so does a policy.
 */
export function verdictAt(policy: SyscallPolicy, arch: number, nr: number): Verdict {
  const id = abiOf(policy.machine, arch, nr);
  const abi = id && policy.abis.get(id.abi);
  if (!id || !abi) return REFUSED;
  if (id.abi === 'x86-64' && id.nr >= 512 && id.nr <= 547) return NO_SYSTEM_CALL;
  return abi.verdicts.get(id.nr) ?? { rules: [], otherwise: abi.unlisted };
}

/** The action of a policy for one call, which every filter made from the policy must answer. */
export const evaluate = (policy: SyscallPolicy, { arch, nr, args }: SeccompData): Action =>
  decide(verdictAt(policy, arch, nr), args);
