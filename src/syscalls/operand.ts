import { didYouMean, error, type Location, UserError } from '../diagnostic.js';
import { ABIS, type Abi } from './abi.js';
import { constantNames, constantValue } from './constants.js';

/**
 * The value of an operand on one ABI: a number, or names of constants and numbers joined by `|`.
 * A negative number is taken as the register would hold it.
 * @returns unsigned, at most `width` bits
 * @throws UserError `unknown-constant`, `operand-range`
 */
export function parseOperand(
  operand: { readonly value: bigint | string; readonly at: Location },
  abi: Abi,
  width: 32 | 64,
): bigint {
  const { value, at } = operand;
  if (typeof value === 'bigint') return fit(value, width, at);
  return value
    .split('|')
    .map((word) => fit(wordValue(word.trim(), abi, at), width, at))
    .reduce((a, b) => a | b);
}

/** Longer than 64 bits in any notation. */
const MAX_DIGITS = 80;

function wordValue(word: string, abi: Abi, at: Location): bigint {
  if (word.length <= MAX_DIGITS && /^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|\d+)$/i.test(word)) return BigInt(word);
  const value = constantValue(abi, word);
  if (value !== undefined) return value;
  const elsewhere = (Object.keys(ABIS) as Abi[]).find((other) => constantValue(other, word) !== undefined);
  const hint = elsewhere
    ? `${elsewhere} has it, ${abi} does not`
    : (didYouMean(word, constantNames()) ?? 'a number works too');
  throw new UserError(error('unknown-constant', `unknown constant '${word}' on ${abi}`, { at, hint }));
}

function fit(value: bigint, width: 32 | 64, at: Location): bigint {
  const limit = 1n << BigInt(width);
  if (value >= limit || value < -(limit / 2n)) {
    const wider = width === 32 && value < 1n << 64n && value >= -(1n << 63n);
    const hint = wider ? 'add width = 64 to compare the whole register' : undefined;
    throw new UserError(error('operand-range', `${value} does not fit into ${width} bits`, { at, hint }));
  }
  return value < 0n ? value + limit : value;
}
