/** Directives that hold a list: what the bus has for each element of a right-hand side. */

import { parseSpan } from '../../policy/time-span.js';
import { wordsOf } from '../../unit/values.js';
import { parseSocketRule } from '../format/network.js';
import { parseSize } from '../format/numbers.js';
import { fieldsOf } from '../format/paths.js';
import type { BusProperty, Directive, ValueKind } from '../table.js';
import { bitsOf, bytesOfBase64, INFINITY, keepBackslashes, withoutSpecifiers } from './elements.js';

/** Elements as the bus has them; undefined stands for one that can't be told from the text. */
export type Elements = readonly unknown[];

type Kind<T extends ValueKind['type']> = Extract<ValueKind, { type: T }>;

interface List<T extends ValueKind['type']> {
  /** Elements of a right-hand side that isn't empty. */
  readonly written: (text: string, kind: Kind<T>, row: Directive) => Elements;
  /** Elements of the property; without it, the property is the list. */
  readonly loaded?: (value: unknown, row: Directive) => Elements;
  /** A later element takes the place of an earlier one with the same first field. */
  readonly keyed?: true;
}

/** Each word with its quotes and specifiers resolved. */
const words = (text: string, read: (word: string) => unknown = (word) => word): Elements =>
  wordsOf(text).map((word) => {
    const plain = withoutSpecifiers(word);
    return plain === undefined ? undefined : read(plain);
  });

/** The fields of a whole right-hand side, split at the first separator. */
function pair(text: string, separator: string, read: (first: string, rest: string) => unknown): Elements {
  const at = text.indexOf(separator);
  const [first, rest] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  const name = withoutSpecifiers(first);
  return [name === undefined ? undefined : read(name, rest)];
}

const optional = (path: string): [string, boolean] => [path.replace(/^-/, ''), path.startsWith('-')];

/** Two flags of mount(2). */
const MS_REC = 16384;

function bind(word: string): unknown {
  const [from = '', to, option] = fieldsOf(word) ?? [];
  const [source, missing] = optional(from);
  return [source, to ?? source, missing, option === 'norbind' ? 0 : MS_REC];
}

/** Pairs of a partition and its options; options alone are for `root`. */
function mountOptions(fields: readonly string[]): string[][] {
  if (fields.length === 1) return [['root', fields[0]!]];
  return Array.from({ length: fields.length / 2 }, (_, i) => fields.slice(2 * i, 2 * i + 2));
}

function image(word: string, kind: Kind<'images'>): unknown {
  const [first = '', ...rest] = word.split(':');
  const options = mountOptions(kind.destination ? rest.slice(1) : rest);
  return [optional(first)[0], ...(kind.destination ? [rest[0]] : []), optional(first)[1], options];
}

/** The rules of an image policy, each with its flags in order. */
const imageRules = (text: string): Elements =>
  text.split(':').map((rule) => {
    const [partition = '', flags = ''] = rule.split('=');
    return [partition, ...flags.split('+').sort()];
  });

/** Bits by the words for them: SECBIT_* of linux/securebits.h, coredump_filter of core(5). */
export const BIT_WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'SecureBits',
    ['noroot', 'noroot-locked', 'no-setuid-fixup', 'no-setuid-fixup-locked', 'keep-caps', 'keep-caps-locked'],
  ],
  [
    'CoredumpFilter',
    [
      ...['private-anonymous', 'shared-anonymous', 'private-file-backed', 'shared-file-backed'],
      ...['elf-headers', 'private-huge', 'shared-huge', 'private-dax', 'shared-dax'],
    ],
  ],
]);

/** What some words stand for. */
const GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['all', BIT_WORDS.get('CoredumpFilter')!],
  ['default', ['private-anonymous', 'shared-anonymous', 'elf-headers', 'private-huge']],
]);

function bitWords(value: unknown, row: Directive): Elements {
  const names = BIT_WORDS.get(row.name);
  if (names === undefined) return value as Elements;
  return bitsOf(value).flatMap((bit) => names[bit] ?? []);
}

function range(word: string): number[] {
  const [first, last = first] = word.split('-').map(Number) as [number, number?];
  return Array.from({ length: last! - first + 1 }, (_, i) => first + i);
}

/** Numbers of the bits that are set in a mask of bytes, the lowest first. */
const maskNumbers = (value: unknown): number[] =>
  Array.from(value as Iterable<number>).flatMap((byte, i) => bitsOf(byte).map((bit) => 8 * i + bit));

const amountOf = (text: string, kind: Kind<'device-value'>): unknown => {
  if (kind.value === 'weight') return Number(text);
  if (kind.value === 'seconds') return parseSpan(text, 1_000_000_000n)! / 1000n;
  return text === 'infinity' ? INFINITY : parseSize(text, 1000);
};

const AF = { any: 0, ipv4: 2, ipv6: 10 } as Readonly<Record<string, number>>;
const IPPROTO = { any: 0, tcp: 6, udp: 17 } as Readonly<Record<string, number>>;
const NFT_SOURCE = { cgroup: 3, user: 4, group: 5 } as Readonly<Record<string, number>>;
/** NFPROTO_* of linux/netfilter.h. */
const NFT_FAMILY = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as Readonly<
  Record<string, number>
>;

function socketRule(text: string): unknown {
  const { family, protocol, ports } = parseSocketRule(text)!;
  const [first, last] = ports;
  const every = first === 1 && last === 65535;
  return [AF[family], IPPROTO[protocol], every ? 0 : last - first + 1, every ? 0 : first];
}

function nftSet(word: string): unknown {
  const [source, family, table, set] = word.split(':') as [string, string, string, string];
  return [NFT_SOURCE[source], NFT_FAMILY[family], table, set];
}

/** The bytes that cunescape() finds in what `formatDirective` has escaped. */
const unescaped = (text: string): number[] =>
  Array.from(
    new TextEncoder().encode(
      text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex, c) =>
        hex === undefined ? c : String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    ),
  );

/** A device once for each access that is allowed. */
const accesses = (device: string, letters: string): Elements =>
  [...letters].map((letter) => [device, letter]);

export const LISTS = {
  words: {
    written: (text) => wordsOf(text).flatMap((word) => GROUPS.get(word) ?? word),
    loaded: bitWords,
  },
  cpus: {
    written: (text) => (/^[a-z]/.test(text) ? [undefined] : text.split(' ').flatMap(range)),
    loaded: maskNumbers,
  },
  groups: { written: (text) => words(text) },
  paths: { written: (text) => words(text) },
  'search-path': { written: (text) => text.split(':').map(withoutSpecifiers) },
  binds: { written: (text) => words(keepBackslashes(text), bind) },
  tmpfs: {
    written: (text) =>
      wordsOf(text).map((word) => {
        const [path = '', options = ''] = word.split(':');
        const plain = withoutSpecifiers(path);
        return plain === undefined ? undefined : [plain, options];
      }),
  },
  directories: { written: (text) => words(text, (word) => word.split(':')[0]) },
  'image-options': { written: (text) => words(text, (word) => mountOptions(word.split(':'))[0]) },
  'image-policy': { written: imageRules, loaded: (value) => imageRules(String(value)) },
  images: { written: (text, kind) => words(text, (word) => image(word, kind)) },
  names: { written: (text) => wordsOf(text) },
  'load-credential': {
    written: (text) =>
      pair(text, ':', (name, source) => {
        const plain = withoutSpecifiers(source);
        return plain === undefined ? undefined : [name, plain];
      }),
    keyed: true,
  },
  'set-credential': {
    written: (text, kind) =>
      pair(text, ':', (name, secret) => [name, kind.encrypted ? bytesOfBase64(secret) : unescaped(secret)]),
    keyed: true,
  },
  'import-credential': { written: (text) => pair(text, ':', (glob) => glob) },
  devices: {
    written: (text) => {
      const [device = '', letters = ''] = wordsOf(text);
      const plain = withoutSpecifiers(device);
      return plain === undefined ? [undefined] : accesses(plain, letters);
    },
    loaded: (value) =>
      (value as [string, string][]).flatMap(([device, letters]) => accesses(device, letters)),
  },
  'device-value': {
    written: (text, kind) => {
      const [device = '', amount = ''] = wordsOf(text);
      const plain = withoutSpecifiers(device);
      return [plain === undefined ? undefined : [plain, amountOf(amount, kind)]];
    },
    keyed: true,
  },
  'socket-rules': { written: (text) => [socketRule(text)] },
  'nft-sets': { written: (text) => wordsOf(text).map(nftSet) },
  'bpf-programs': { written: (text) => pair(text, ':', (type, path) => [type, path]) },
  'bpf-filters': { written: (text) => [withoutSpecifiers(text)] },
  'bpf-words': {
    written: (text) => text.split(','),
    loaded: (value) => String(value).split(','),
  },
} satisfies { [T in ValueKind['type']]?: List<T> };

export type ListType = keyof typeof LISTS;

/** The property that has a directive's elements: Delegate= itself has only whether there are any. */
export const listProperty = (row: Directive): BusProperty =>
  row.kind.type === 'words' && row.kind.boolean ? row.more![0]! : row.bus;
