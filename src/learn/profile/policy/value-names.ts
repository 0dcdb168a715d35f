/** Names of the values of arguments, for people who read them. */
import { AF, nameOfValue, type Vocabulary } from './rules/constants.js';
import { TYPE_BITS, TYPES } from './rules/sockets.js';
import { WORD_ARGUMENTS } from './rules/table.js';

/** An argument whose values are one word, flags, or a word in the low bits below flags. */
interface NamedArgument {
  readonly word?: Vocabulary;
  /** The bits of the word; undefined: the lower 32. */
  readonly wordBits?: bigint;
  /** Names of single bits that aren't the word's. */
  readonly flags?: Vocabulary;
}

const WORD_BITS = 0xffff_ffffn;

const FAMILY: NamedArgument = { word: AF };
const TYPE: NamedArgument = {
  word: TYPES,
  wordBits: TYPE_BITS,
  flags: { pattern: /^SOCK_(?:CLOEXEC|NONBLOCK)$/ },
};

/** The low byte of clone's flags is the signal of the end (clone(2)). */
const CLONE: NamedArgument = {
  word: { pattern: /^SIG(?!RT)[A-Z]+$/ },
  wordBits: 0xffn,
  flags: { pattern: /^CLONE_(?!NEWTIME$)/ },
};
const NAMESPACE: NamedArgument = { wordBits: 0n, flags: { pattern: /^CLONE_/ } };

/** Only PROT_NONE is a word: the others are flags. */
const PROTECTION: NamedArgument = {
  word: { pattern: /^PROT_NONE$/ },
  wordBits: 0n,
  flags: { pattern: /^PROT_/ },
};

const NAMED: ReadonlyMap<string, NamedArgument> = new Map([
  ...WORD_ARGUMENTS.map(({ call, argument, vocabulary }): [string, NamedArgument] => [
    `${call} ${argument}`,
    { word: vocabulary },
  ]),
  ['socket 0', FAMILY],
  ['socket 1', TYPE],
  ['socketpair 0', FAMILY],
  ['socketpair 1', TYPE],
  ['clone 0', CLONE],
  ['unshare 0', NAMESPACE],
  ['setns 1', NAMESPACE],
  ['mmap 2', PROTECTION],
  ['mmap2 2', PROTECTION],
  ['mprotect 2', PROTECTION],
  ['pkey_mprotect 2', PROTECTION],
]);

/**
 * The name of a value, as rules have it: constants that mean it on every ABI, joined by `|`.
 * @param position which argument, from 0 on
 * @returns undefined where the value, or a part of it, has no name
 */
export function nameOfArgument(call: string, position: number, value: bigint): string | undefined {
  const named = NAMED.get(`${call} ${position}`);
  if (named === undefined) return undefined;
  const { word, wordBits = WORD_BITS, flags } = named;
  const low = value & wordBits;
  const bits = flags ? bitsOf(value & ~wordBits) : [];
  const names = [
    ...(low !== 0n || bits.length === 0 ? [word && nameOfValue(word, low)] : []),
    ...bits.map((bit) => nameOfValue(flags!, bit)),
  ];
  return names.includes(undefined) ? undefined : names.join('|');
}

/** The bits of a number of 64 bits, the lowest first. */
const bitsOf = (value: bigint): bigint[] =>
  Array.from({ length: 64 }, (_, i) => 1n << BigInt(i)).filter((bit) => (value & bit) !== 0n);
