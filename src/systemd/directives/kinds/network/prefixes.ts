/** Prefixes of addresses. */

import { didYouMean } from '../../../../diagnostic.js';
import { allWords, sinceReset } from '../../../unit/values.js';
import type { Strictness, ValueKind } from '../../directive.js';
import { property } from '../../values/bus.js';
import { gives, list } from '../../values/strictness.js';
import { joinWords, reject } from '../../values/text.js';

/** An address prefix: the address in 4 or 16 bytes and the number of bits that count. */
export interface AddressPrefix {
  readonly bytes: readonly number[];
  readonly bits: number;
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  const good =
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return good ? parts.map(Number) : undefined;
}

/** The 16-bit groups of one side of `::`, the last of which may be an IPv4 address. */
function ipv6Groups(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const tail = parts.at(-1)!.includes('.') ? parseIpv4(parts.pop()!) : [];
  if (tail === undefined || !parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  const groups = parts.map((part) => Number.parseInt(part, 16));
  if (tail.length > 0) groups.push(tail[0]! * 256 + tail[1]!, tail[2]! * 256 + tail[3]!);
  return groups;
}

function parseIpv6(text: string): number[] | undefined {
  const sides = text.split('::');
  if (sides.length > 2 || text.length > 45) return undefined;
  const [left, right] = sides.map(ipv6Groups);
  if (left === undefined || (sides.length === 2 && right === undefined)) return undefined;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (sides.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...new Array<number>(Math.max(0, missing)).fill(0), ...(right ?? [])];
  return groups.flatMap((group) => [group >> 8, group & 255]);
}

const PREFIX_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['any', ['0.0.0.0/0', '::/0']],
  ['localhost', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/64']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
]);

/** The prefixes of one word of IPAddressAllow=: an address with or without `/BITS`, or a name. Else undefined. */
export function parsePrefixes(word: string): AddressPrefix[] | undefined {
  const named = PREFIX_NAMES.get(word);
  if (named) return named.flatMap((text) => parsePrefixes(text)!);
  const [, address, length] = /^([0-9A-Fa-f.:]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/.exec(word) ?? [];
  if (address === undefined) return undefined;
  const bytes = address.includes(':') ? parseIpv6(address) : parseIpv4(address);
  if (bytes === undefined) return undefined;
  const bits = length === undefined ? bytes.length * 8 : Number(length);
  return bits <= bytes.length * 8 ? [{ bytes, bits }] : undefined;
}

/** Whether all addresses of a prefix are in another. */
export const contains = (outer: AddressPrefix, inner: AddressPrefix): boolean => {
  if (outer.bytes.length !== inner.bytes.length || outer.bits > inner.bits) return false;
  return outer.bytes.every((byte, i) => {
    const bits = Math.min(8, Math.max(0, outer.bits - i * 8));
    const mask = 0xff & ~(0xff >> bits);
    return (byte & mask) === (inner.bytes[i]! & mask);
  });
};

const isWithin = (inner: AddressPrefix, list: readonly AddressPrefix[]) =>
  list.some((outer) => contains(outer, inner));

/** The prefixes of all words that are in force. */
export const prefixesOf = (values: readonly string[]): AddressPrefix[] =>
  allWords(values).flatMap((word) => parsePrefixes(word) ?? []);

const [AF_INET, AF_INET6] = [2, 10];

export const PREFIXES: ValueKind = {
  type: 'prefixes',
  signature: 'a(iayu)',
  format: (reading, value) => {
    const expected = `an address, ADDRESS/BITS or one of ${[...PREFIX_NAMES.keys()].join(', ')}`;
    return joinWords(reading, value, expected, (word) =>
      parsePrefixes(word) ? word : reject(reading, expected, word, didYouMean(word, PREFIX_NAMES.keys())),
    );
  },
  write: ({ bus }, values) => [
    property(
      bus,
      prefixesOf(values).map(({ bytes, bits }) => [
        bytes.length === 4 ? AF_INET : AF_INET6,
        [...bytes],
        bits,
      ]),
    ),
  ],
  // systemd leaves out prefixes that lie in others.
  isLoaded: (row, values, get) => {
    const ours = prefixesOf(values);
    const loaded = (get(row.bus.property) as [number, Iterable<number>, number][]).map(
      ([, bytes, bits]): AddressPrefix => ({ bytes: Array.from(bytes), bits }),
    );
    const isWhole = values.includes('');
    return (
      ours.every((prefix) => isWithin(prefix, loaded)) &&
      (!isWhole || loaded.every((prefix) => isWithin(prefix, ours)))
    );
  },
};

/** IPAddressAllow= makes exceptions from IPAddressDeny=. */
export const EXCEPT_ADDRESSES: Strictness = gives(({ before, after, unit }) => {
  if (sinceReset(unit.get('IPAddressDeny') ?? []).length === 0) return undefined;
  const own = prefixesOf(before);
  const added = allWords(after).filter((word) =>
    (parsePrefixes(word) ?? []).some((inner) => !isWithin(inner, own)),
  );
  return added.length === 0 ? undefined : `the unit's 'IPAddressDeny' denies ${list(added)}`;
});
