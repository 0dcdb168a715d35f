/** A rule's conditions on one ABI. */

import type { Abi } from './abi.js';
import { type Hidden, placeOf } from './arguments.js';
import { parseOperand } from './operand.js';
import type { Condition, Operator } from './policy.js';
import type { ConditionEntry, RuleEntry } from './section.js';

/** Whether a condition holds for every number by the way it is written. */
export const holdsAlways = ({ op, operands }: ConditionEntry): boolean =>
  op === 'ge' && operands.every(({ value }) => value === 0n);

/** The reason why no filter can tell on an ABI whether a rule holds; undefined where a filter can. */
export function hiddenFrom({ syscall, when }: RuleEntry, abi: Abi): Hidden | undefined {
  const asking = when.filter((condition) => !holdsAlways(condition));
  const places = asking.map(({ arg, width }) => placeOf(abi, syscall.value, arg, width));
  return places.find((place): place is Hidden => 'why' in place);
}

/**
 * A rule's conditions on one ABI, without those that always hold; undefined if one never holds. Any other condition on
 * a hidden argument counts as one that never holds.
 * @throws UserError `policy-value` where an operand has no value on the ABI
 */
export function conditionsOf({ syscall, when }: RuleEntry, abi: Abi): Condition[] | undefined {
  const found = when.map((entry) => conditionOn(entry, syscall.value, abi));
  return found.includes(false) ? undefined : found.filter((one) => typeof one !== 'boolean');
}

function conditionOn(entry: ConditionEntry, call: string, abi: Abi): Condition | boolean {
  const { arg, op, width, operands } = entry;
  const values = operands.map((operand) => parseOperand(operand, abi, width));
  const place = placeOf(abi, call, arg, width);
  if ('why' in place) return holdsAlways(entry);
  const wanted: Condition = { arg: place.register, op, width, values };
  if (place.signed && width === 64) return signedHalf(wanted);
  if (place.bits < width) return lowBits(wanted, place.bits as 16 | 32);
  return place.upper === undefined || width === 32 ? wanted : { ...wanted, upper: place.upper };
}

const MASK32 = 0xffffffffn;

/**
 * A condition on more bits of the register than the kernel takes: the bits above count as 0, whatever the program put
 * there.
 * @returns true if the condition always holds, false if it never does
 */
function lowBits({ arg, op, values }: Condition, width: 16 | 32): Condition | boolean {
  const mask = (1n << BigInt(width)) - 1n;
  const fitting = values.filter((value) => value <= mask);
  const over = fitting.length < values.length;
  const narrowed = (low: readonly bigint[]): Condition => ({ arg, op, width, values: low });
  switch (op) {
    case 'eq':
    case 'in':
      return fitting.length > 0 && narrowed(fitting);
    case 'gt':
    case 'ge':
    case 'bits-set':
      return !over && narrowed(values);
    case 'ne':
    case 'lt':
    case 'le':
      return over || narrowed(values);
    case 'bits-clear':
    case 'bits-any':
      return narrowed(values.map((value) => value & mask));
  }
}

const SIGN = 1n << 31n;

/**
 * A 64-bit condition on a register whose lower half the kernel extends by its sign, as a condition on that half. The
 * extension keeps the order of numbers.
 * @returns true if the condition always holds, false if it never does
 */
function signedHalf({ arg, op, values }: Condition): Condition | boolean {
  const isHalf = (value: bigint) => BigInt.asUintN(64, BigInt.asIntN(32, value)) === value;
  const fitting = values.filter(isHalf);
  const over = fitting.length < values.length;
  const narrowed = (own: Operator, low: readonly bigint[]): Condition => ({
    arg,
    op: own,
    width: 32,
    values: low.map((value) => value & MASK32),
  });
  switch (op) {
    case 'eq':
    case 'in':
      return fitting.length > 0 && narrowed(op, fitting);
    case 'ne':
      return over || narrowed(op, values);
    case 'gt':
    case 'ge':
      return over ? narrowed('ge', [SIGN]) : narrowed(op, values);
    case 'lt':
    case 'le':
      return over ? narrowed('lt', [SIGN]) : narrowed(op, values);
    default:
      return narrowed(
        op,
        values.map((mask) => (mask > MASK32 ? mask | SIGN : mask)),
      );
  }
}
