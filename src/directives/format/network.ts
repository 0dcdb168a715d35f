/** Devices, addresses, ports, interfaces and the programs that watch them. */

import { didYouMean } from '../../diagnostic.js';
import { parseSpan } from '../../policy/time-span.js';
import { integer, parseSize } from './numbers.js';
import { isInterface } from './sets.js';
import {
  absolutePath,
  checkSpecifiers,
  each,
  isPlainField,
  lines,
  quoteWord,
  type Reading,
  reject,
  scalar,
  words,
} from './text.js';

/** A device and what follows it: `/dev/sda 5M`. A third word would be a path with a space, or a mistake: none is taken. */
const splitDevice = (line: string): string[] => line.split(/ +/);

/** `DEVICE [rwm]`, an assignment each. Without letters all three are allowed. */
export function devices(reading: Reading, value: unknown): string[] | undefined {
  const expected = "'DEVICE rwm' with a node below /dev or a group such as 'char-rtc'";
  return each(lines(reading, value, expected), (line) => {
    const [device = '', letters = 'rwm', ...more] = splitDevice(line);
    if (more.length > 0 || !/^[rwm]{1,3}$/.test(letters) || new Set(letters).size !== letters.length) {
      return reject(reading, expected, line);
    }
    if (!checkSpecifiers(reading, device)) return undefined;
    if (/^(char|block)-[A-Za-z0-9_.*?[\]%/-]+$/.test(device)) return `${device} ${letters}`;
    if (!device.startsWith('/dev/')) return reject(reading, expected, line);
    const node = absolutePath(reading, device);
    return node === undefined ? undefined : `${quoteWord(node)} ${letters}`;
  });
}

/** `PATH VALUE`, an assignment each: the device node, or any path on the device's file system. */
export function deviceValues(
  reading: Reading,
  value: unknown,
  kind: { value: 'weight' | 'bytes' | 'seconds' },
): string[] | undefined {
  const example = { weight: '100', bytes: '5M', seconds: '25ms' }[kind.value];
  const expected = `a path and a value such as '/dev/sda ${example}'`;
  return each(lines(reading, value, expected), (line) => {
    const [device = '', amount = '', ...more] = splitDevice(line);
    const good = {
      weight: () => integer({ ...reading, problems: [] }, amount, { min: 1, max: 10_000 }) !== undefined,
      bytes: () => amount === 'infinity' || (parseSize(amount, 1000) ?? 0n) > 0n,
      seconds: () => parseSpan(amount, 1_000_000_000n) !== undefined && !/\d *n/.test(amount),
    }[kind.value]();
    if (!good || more.length > 0) return reject(reading, expected, line);
    const checked = absolutePath(reading, device);
    return checked === undefined ? undefined : `${quoteWord(checked)} ${amount}`;
  });
}

/** An address prefix: the address in 4 or 16 bytes and the number of bits that count. */
export interface Prefix {
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
export function parsePrefixes(word: string): Prefix[] | undefined {
  const named = PREFIX_NAMES.get(word);
  if (named) return named.flatMap((text) => parsePrefixes(text)!);
  const [, address, length] = /^([0-9A-Fa-f.:]{2,45})(?:\/(0|[1-9]\d{0,2}))?$/.exec(word) ?? [];
  if (address === undefined) return undefined;
  const bytes = address.includes(':') ? parseIpv6(address) : parseIpv4(address);
  if (bytes === undefined) return undefined;
  const bits = length === undefined ? bytes.length * 8 : Number(length);
  return bits <= bytes.length * 8 ? [{ bytes, bits }] : undefined;
}

export function prefixes(reading: Reading, value: unknown): string[] | undefined {
  const expected = `an address, ADDRESS/BITS or one of ${[...PREFIX_NAMES.keys()].join(', ')}`;
  const list = each(words(reading, value, expected), (word) =>
    parsePrefixes(word) ? word : reject(reading, expected, word, didYouMean(word, PREFIX_NAMES.keys())),
  );
  return list && [list.join(' ')];
}

/** What is left out of a rule is `any`, and all ports. */
export interface SocketRule {
  readonly family: string;
  readonly protocol: string;
  readonly ports: readonly [first: number, last: number];
}

/** A rule of SocketBindAllow=, else undefined. */
export function parseSocketRule(text: string): SocketRule | undefined {
  const found = /^(?:(ipv4|ipv6)(?::|$))?(?:(tcp|udp)(?::|$))?(any|\d{1,5}(?:-\d{1,5})?)?$/.exec(text);
  if (!found || text === '' || text.endsWith(':')) return undefined;
  const [, family = 'any', protocol = 'any', ports = 'any'] = found;
  if (ports === 'any') return { family, protocol, ports: [1, 65535] };
  const [first, last = first] = ports.split('-').map(Number);
  const good = first! >= 1 && last! <= 65535 && first! <= last!;
  return good ? { family, protocol, ports: [first!, last!] } : undefined;
}

export function socketRules(reading: Reading, value: unknown): string[] | undefined {
  const expected = "'any' or [ipv4:|ipv6:][tcp:|udp:]PORT[-PORT]";
  return each(lines(reading, value, expected), (line) =>
    parseSocketRule(line) ? line : reject(reading, expected, line),
  );
}

export function interfaceName(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'the name of a network interface';
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  return isInterface(text) ? [text] : reject(reading, expected, text);
}

const NFT_NAME = /^[A-Za-z][A-Za-z0-9_./]{0,30}$/;

/** `cgroup|user|group:FAMILY:TABLE:SET`. */
export function nftSets(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'cgroup, user or group:FAMILY:TABLE:SET';
  const list = each(words(reading, value, expected), (word) => {
    const [source = '', family = '', table = '', set = '', ...more] = word.split(':');
    const good = /^(cgroup|user|group)$/.test(source) && /^(arp|bridge|inet|ip|ip6|netdev)$/.test(family);
    const named = NFT_NAME.test(table) && NFT_NAME.test(set) && more.length === 0;
    return good && named ? word : reject(reading, expected, word);
  });
  return list && [list.join(' ')];
}

const ATTACH_POINTS: readonly string[] = (
  'ingress egress sock_create sock_ops device bind4 bind6 connect4 connect6 post_bind4 post_bind6 sendmsg4 ' +
  'sendmsg6 sysctl recvmsg4 recvmsg6 getsockopt setsockopt'
).split(' ');

/** `TYPE:PATH` of a pinned program, an assignment each. */
export function bpfPrograms(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'TYPE:PATH of a BPF program';
  return each(lines(reading, value, expected), (line) => {
    const colon = line.indexOf(':');
    const type = line.slice(0, Math.max(0, colon));
    if (!ATTACH_POINTS.includes(type))
      return reject(reading, expected, line, didYouMean(type, ATTACH_POINTS));
    const checked = pinnedPath(reading, line.slice(colon + 1));
    return checked && `${type}:${checked}`;
  });
}

export const bpfFilters = (reading: Reading, value: unknown): string[] | undefined =>
  each(lines(reading, value, 'absolute paths'), (line) => pinnedPath(reading, line));

/** A path that stands in the file without quotes. */
function pinnedPath(reading: Reading, text: string): string | undefined {
  const path = absolutePath(reading, text);
  if (path === undefined) return undefined;
  // Without its last slash a path may end in a blank, which the file would lose.
  const plain = [text, path].every((one) => one === one.trim()) && isPlainField(text);
  return plain ? path : reject(reading, "a path without quotes, ':' and '\\'", text);
}
