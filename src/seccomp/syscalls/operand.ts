import { type Diagnostic, didYouMean, error, type Location, UserError } from '../../diagnostic.js';
import { ABIS, type Abi } from './abi.js';
import { constantNames, constantValue } from './constants.js';

export interface Operand {
  readonly value: bigint | string;
  readonly at: Location;
}

/**
 * The value of an operand on one ABI: a number, or names of constants and numbers joined by `|`. A negative number
 * becomes the two's complement of `width` bits.
 * @returns unsigned, at most `width` bits
 * @throws UserError `policy-value`
 */
export function parseOperand(operand: Operand, abi: Abi, width: 32 | 64): bigint {
  const found = operandValue(operand, abi, width);
  if (found !== undefined) return found;
  const { at } = operand;
  const words = wordsOf(operand).map((word) => ({ word, value: wordValue(word, abi) }));
  const bad = words.find(({ value }) => value === undefined || !fits(value, width))!;
  if (bad.value !== undefined) throw new UserError(outOfRange(bad.value, width, at));
  throw new UserError(unknownConstant(String(bad.word), abi, at));
}

/**
 * The value of parseOperand(), or undefined where that throws. Quicker for bad operands, since no diagnostic is made.
 */
export function operandValue(operand: Operand, abi: Abi, width: 32 | 64): bigint | undefined {
  const values = wordsOf(operand).map((word) => wordValue(word, abi));
  const good = values.filter((value) => value !== undefined && fits(value, width)) as bigint[];
  if (good.length < values.length) return undefined;
  return good.map((value) => unsigned(value, width)).reduce((a, b) => a | b);
}

const wordsOf = ({ value }: Operand): (bigint | string)[] =>
  typeof value === 'bigint' ? [value] : value.split('|').map((word) => word.trim());

/** Most characters of a number: in any notation 64 bits take fewer. */
const MAX_DIGITS = 80;

function wordValue(word: bigint | string, abi: Abi): bigint | undefined {
  if (typeof word === 'bigint') return word;
  if (word.length <= MAX_DIGITS && /^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|\d+)$/i.test(word)) return BigInt(word);
  return constantValue(abi, word);
}

function unknownConstant(word: string, abi: Abi, at: Location): Diagnostic {
  const elsewhere = (Object.keys(ABIS) as Abi[]).find((other) => constantValue(other, word) !== undefined);
  const hint = elsewhere
    ? `${elsewhere} has it, ${abi} does not`
    : (didYouMean(word, constantNames()) ?? 'write its number instead');
  return error('policy-value', `unknown constant '${word}' on ${abi}`, { at, hint });
}

const fits = (value: bigint, width: 32 | 64) =>
  value < 1n << BigInt(width) && value >= -(1n << BigInt(width - 1));

const unsigned = (value: bigint, width: 32 | 64) => (value < 0n ? value + (1n << BigInt(width)) : value);

function outOfRange(value: bigint, width: 32 | 64, at: Location): Diagnostic {
  const hint = width === 32 && fits(value, 64) ? 'add width = 64 to compare the whole register' : undefined;
  return error('policy-value', `${value} does not fit into ${width} bits`, { at, hint });
}
