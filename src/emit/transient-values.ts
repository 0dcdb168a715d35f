/** Directives as properties of a transient unit: what their unit-file texts are on the bus. */

import { type Diagnostic, error, printable } from '../diagnostic.js';
import { KILL_NUMBER, withoutSpecifiers } from '../plan/bus-values/elements.js';
import { BIT_WORDS, type Elements, LISTS, type ListType, listProperty } from '../plan/bus-values/lists.js';
import { expectedScalar } from '../plan/bus-values/scalars.js';
import { NAMESPACE_BITS } from '../plan/bus-values/sets.js';
import { parsePrefixes } from '../plan/directive-values/network.js';
import { parsePercent } from '../plan/directive-values/numbers.js';
import { CAPABILITIES } from '../plan/directive-values/sets.js';
import type { BusProperty, Directive, ValueKind } from '../plan/directives.js';
import { permitted } from '../plan/loosen/sets.js';
import { errnoNumber } from '../syscalls/errno.js';
import type { UnitProperty } from '../unit/unit-property.js';
import { sinceReset, wordsOf } from '../unit/values.js';

/** Properties by their names; undefined where a text means something that the bus has no value for. */
type Written = readonly UnitProperty[] | undefined;

type Write = (row: Directive, values: readonly string[], systemd: number) => Written;

/**
 * The properties that mean what assignments of a directive mean, in a unit that has none of its own.
 * @param values all right-hand sides in their order, as formatDirective() has them; an empty one takes back what is
 *   before it
 * @param systemd the major version that gets them
 * @returns an error `transient-value` for specifiers, which a transient unit has none of, and for what can't be told
 *   from outside the manager
 */
export function directiveProperties(
  row: Directive,
  values: readonly string[],
  systemd: number,
): readonly UnitProperty[] | Diagnostic {
  const kept = row.name === 'CapabilityBoundingSet' ? values : sinceReset(values);
  if (kept.length === 0) return [];
  const write = WRITERS.get(row.kind.type) ?? (isList(row, kept) ? list : scalar);
  return write(row, kept, systemd) ?? inexpressible(row.name, kept);
}

function inexpressible(name: string, values: readonly string[]): Diagnostic {
  const specifiers = values.some((text) => withoutSpecifiers(text) === undefined);
  return error(
    'transient-value',
    `a transient unit can't have '${name}=${printable(values.join(' '), 80)}'`,
    {
      hint: specifiers ? 'specifiers mean nothing there: write what they stand for, %% for %' : undefined,
    },
  );
}

const isList = ({ kind, bus }: Directive, values: readonly string[]): boolean =>
  kind.type in LISTS &&
  !(kind.type === 'words' && bus.signature === 'b' && ['yes', 'no'].includes(values.at(-1)!));

const property = ({ property: name, signature, write }: BusProperty, value: unknown): UnitProperty => ({
  name,
  signature: write ?? signature,
  value,
});

/** The last assignment, in all properties that have a part of it. */
const scalar: Write = (row, values, systemd) => {
  const text = values.at(-1)!;
  const expected = expectedScalar(row, text);
  const written = [row.bus, ...(row.more ?? [])]
    .filter(({ property: name, since = 0 }) => since <= systemd && expected.get(name) !== undefined)
    .map((bus) => property(bus, expected.get(bus.property)));
  return written.length > 0 ? written : undefined;
};

interface AnyList {
  readonly written: (text: string, kind: ValueKind, row: Directive) => Elements;
}

const list: Write = (row, values) => {
  const { written } = LISTS[row.kind.type as ListType] as AnyList;
  const elements = values.flatMap((text) => written(text, row.kind, row));
  return elements.includes(undefined) ? undefined : [property(listProperty(row), elements)];
};

/** What has a share of the machine instead of an amount. */
const share: Write = (row, values, systemd) => {
  const text = values.at(-1)!;
  const part = text.endsWith('%') ? parsePercent(text, 10_000) : undefined;
  if (part === undefined) return scalar(row, values, systemd);
  const value = Number((BigInt(part) * 0xffffffffn + 5000n) / 10_000n);
  return [{ name: `${row.bus.property}Scale`, signature: 'u', value }];
};

/** `-` in front stays as it is, other than in what is read. */
const path: Write = (row, values) => {
  const text = withoutSpecifiers(values.at(-1)!);
  return text === undefined ? undefined : [property(row.bus, text)];
};

const label: Write = (row, values, systemd) =>
  row.bus.write === 's' ? path(row, values, systemd) : scalar(row, values, systemd);

/** A mask in bytes, the lowest bits first. */
const cpus: Write = (row, values) => {
  if (values.at(-1) === 'numa') return row.more?.map((bus) => property(bus, true));
  const { written } = LISTS.cpus;
  const numbers = values.flatMap((text) => written(text) as (number | undefined)[]);
  const known = numbers.filter((number) => number !== undefined);
  if (known.length < numbers.length) return undefined;
  const bytes = new Array<number>(Math.floor(Math.max(...known) / 8) + 1).fill(0);
  for (const number of known) bytes[number >> 3]! |= 1 << (number & 7);
  return [property(row.bus, bytes)];
};

const capabilities: Write = (row, values) => {
  const { names } = permitted({ row }, values);
  const bits = [...names].map((name) => 1n << BigInt(CAPABILITIES.indexOf(name)));
  return [
    property(
      row.bus,
      bits.reduce((all, bit) => all | bit, 0n),
    ),
  ];
};

const namespaces: Write = (row, values) => {
  const { names } = permitted({ row }, values);
  const bits = [...names].map((name) => 1n << BigInt(NAMESPACE_BITS[name]!));
  return [
    property(
      row.bus,
      bits.reduce((all, bit) => all | bit, 0n),
    ),
  ];
};

/** Each assignment by itself: the manager joins them as it joins lines. */
const signed: Write = (row, values) => values.map((text) => property(row.bus, signedList(text)));

const signedList = (text: string): [boolean, string[]] => [
  !text.startsWith('~'),
  text === 'none' ? [] : wordsOf(text.replace(/^~/, '')),
];

/** Directories, and by themselves those that get a second name. */
const directories: Write = (row, values) => {
  const words = values.flatMap(wordsOf).map(withoutSpecifiers);
  if (words.includes(undefined)) return undefined;
  const [plain, linked] = [false, true].map((colon) => words.filter((word) => word!.includes(':') === colon));
  const links = linked!.map((word) => [...word!.split(':').slice(0, 2), 0]);
  const [symlink] = row.more ?? [];
  if (links.length > 0 && symlink === undefined) return undefined;
  return [
    ...(plain!.length > 0 ? [property(row.bus, plain)] : []),
    ...(links.length > 0 ? [property(symlink!, links)] : []),
  ];
};

const devices: Write = (row, values) => {
  const pairs = values.map((text) => {
    const [device = '', letters = 'rwm'] = wordsOf(text);
    return [withoutSpecifiers(device), letters];
  });
  return pairs.some(([device]) => device === undefined) ? undefined : [property(row.bus, pairs)];
};

const [AF_INET, AF_INET6] = [2, 10];

const prefixes: Write = (row, values) => [
  property(
    row.bus,
    values
      .flatMap((text) => wordsOf(text).flatMap((word) => parsePrefixes(word)!))
      .map(({ bytes, bits }) => [bytes.length === 4 ? AF_INET : AF_INET6, [...bytes], bits]),
  ),
];

/** Bits of the words of SecureBits= and CoredumpFilter=; the words themselves of others. */
const words: Write = (row, values, systemd) => {
  if (!isList(row, values)) return scalar(row, values, systemd);
  const bits = BIT_WORDS.get(row.name);
  if (bits === undefined) return list(row, values, systemd);
  const { written } = LISTS.words;
  const names = values.flatMap((text) => written(text) as string[]);
  const mask = names.reduce((all, name) => all | (1 << bits.indexOf(name)), 0);
  return [property(row.bus, mask)];
};

const text: Write = (row, values) => [property(row.bus, values.at(-1)!)];

/** Kinds whose form on the bus isn't that of their elements. */
const WRITERS: ReadonlyMap<ValueKind['type'], Write> = new Map<ValueKind['type'], Write>([
  ['bpf-words', text],
  ['capabilities', capabilities],
  ['cpus', cpus],
  ['devices', devices],
  ['directories', directories],
  ['families', signed],
  ['filesystems', signed],
  ['image-policy', text],
  ['interfaces', signed],
  ['label', label],
  ['namespaces', namespaces],
  ['path', path],
  ['prefixes', prefixes],
  ['size', share],
  ['tasks', share],
  ['words', words],
]);

/** Directives that the plan writes and no policy sets by their own names. */
const SETTINGS: ReadonlyMap<string, (values: readonly string[]) => Written> = new Map([
  [
    'SystemCallArchitectures',
    (values: readonly string[]) => [
      {
        name: 'SystemCallArchitectures',
        signature: 'as',
        value: values.flatMap((value) => value.split(' ')),
      },
    ],
  ],
  [
    'SystemCallErrorNumber',
    (values: readonly string[]) => {
      const last = values.at(-1)!;
      const value = last === 'kill' ? KILL_NUMBER : (errnoNumber(last) ?? Number(last));
      return [{ name: 'SystemCallErrorNumber', signature: 'i', value }];
    },
  ],
  ['SystemCallFilter', lineByLine('SystemCallFilter')],
  ['SystemCallLog', lineByLine('SystemCallLog')],
  [
    'SyslogIdentifier',
    (values: readonly string[]) => {
      const value = withoutSpecifiers(values.at(-1)!);
      return value === undefined ? undefined : [{ name: 'SyslogIdentifier', signature: 's', value }];
    },
  ],
]);

function lineByLine(name: string) {
  return (values: readonly string[]): Written =>
    values.map((line) => ({ name, signature: '(bas)', value: signedList(line) }));
}

/** The same for a directive that isn't in the table of `[service]`; undefined where it is unknown. */
export function settingProperties(
  name: string,
  values: readonly string[],
): readonly UnitProperty[] | Diagnostic | undefined {
  const write = SETTINGS.get(name);
  const kept = sinceReset(values);
  if (write === undefined || kept.length === 0) return write && [];
  return write(kept) ?? inexpressible(name, kept);
}
