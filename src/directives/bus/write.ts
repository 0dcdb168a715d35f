/** Directives as properties of a transient unit: what their unit-file texts are on the bus. */

import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { UnitProperty } from '../../unit/unit-property.js';
import { sinceReset, wordsOf } from '../../unit/values.js';
import { parsePrefixes } from '../format/network.js';
import { parsePercent } from '../format/numbers.js';
import { CAPABILITIES } from '../format/sets.js';
import { permitted } from '../strictness/sets.js';
import type { BusProperty, Directive, ValueKind } from '../table.js';
import { errorNumber, INFINITY, withoutSpecifiers } from './elements.js';
import { BIT_WORDS, type Elements, LISTS, type ListType, listProperty } from './lists.js';
import { expectedScalar } from './scalars.js';
import { NAMESPACE_BITS } from './sets.js';
import { OWN_WRITERS } from './write-own.js';

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
  if (FROM_FILES.includes(row.name)) return inexpressible(row.name, kept, 'systemd takes it from files only');
  const write =
    WRITERS.get(row.kind.type) ?? OWN_WRITERS.get(row.kind.type) ?? (isList(row, kept) ? list : scalar);
  return write(row, kept, systemd) ?? inexpressible(row.name, kept);
}

/** Directives that have no property which can be set. */
const FROM_FILES = ['TimeoutCleanSec'];

const SPECIFIERS = 'specifiers mean nothing there: write what they stand for, %% for %';

function inexpressible(name: string, values: readonly string[], why?: string): Diagnostic {
  const assignment = `${name}=${printable(values.join(' '), 80)}`;
  const specifiers = values.some((text) => withoutSpecifiers(text) === undefined);
  return error('transient-value', `a transient unit can't have '${assignment}'`, {
    hint: why ?? (specifiers ? SPECIFIERS : undefined),
  });
}

const isList = ({ kind, bus }: Directive, values: readonly string[]): boolean =>
  kind.type in LISTS &&
  !(kind.type === 'words' && bus.signature === 'b' && ['yes', 'no'].includes(values.at(-1)!));

/** Numbers of 32 bits are no bigint to dbus-next. */
const property = ({ property: name, signature, write }: BusProperty, value: unknown): UnitProperty => ({
  name,
  signature: write ?? signature,
  value: typeof value === 'bigint' && signature !== 't' ? Number(value) : value,
});

/** The last assignment, in all properties that have a part of it. */
const scalar: Write = (row, values, systemd) => {
  const text = values.at(-1)!;
  const expected = expectedScalar(row, text);
  const there = [row.bus, ...(row.more ?? [])].filter(({ since = 0 }) => since <= systemd);
  const written = there.filter((bus) => expected.get(bus.property) !== undefined);
  // Of an enumeration the first property has only a part.
  const isPart = row.kind.type === 'enum' && written.length < there.length;
  if (written.length === 0 || isPart) return undefined;
  return written.map((bus) => property(bus, expected.get(bus.property)));
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
  if (text === 'off') return [];
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

const mask = ({ bus }: Directive, bits: readonly bigint[]): UnitProperty =>
  property(
    bus,
    bits.reduce((all, bit) => all | bit, 0n),
  );

/** A list that begins with `~` leaves those that no table knows. */
const capabilities: Write = (row, values) => {
  const { names } = permitted({ row }, values);
  const known = BigInt(CAPABILITIES.length);
  const others = values[0]!.startsWith('~') ? [(INFINITY >> known) << known] : [];
  const bits = [...others, ...[...names].map((name) => 1n << BigInt(CAPABILITIES.indexOf(name)))];
  return [mask(row, bits)];
};

const namespaces: Write = (row, values) => {
  if (values.at(-1) === 'no') return [];
  const { names } = permitted({ row }, values);
  const bits = [...names].map((name) => 1n << BigInt(NAMESPACE_BITS[name]!));
  return [mask(row, bits)];
};

/** Each assignment by itself: the manager joins them as it joins lines. */
const signed: Write = (row, values) => values.map((text) => property(row.bus, signedList(text)));

const signedList = (text: string): [boolean, string[]] => [
  !text.startsWith('~'),
  text === 'none' ? [] : wordsOf(text.replace(/^~/, '')),
];

/** Words of one field, and by themselves, in the second property, those of several. */
function byFields(
  { bus, more = [] }: Directive,
  words: readonly (string | undefined)[],
  fields: (word: readonly string[]) => unknown,
): Written {
  if (words.includes(undefined)) return undefined;
  const parts = (words as string[]).map((word) => word.split(':'));
  const plain = parts.filter(({ length }) => length === 1).flat();
  const several = parts.filter(({ length }) => length > 1).map(fields);
  return [
    ...(plain.length > 0 ? [property(bus, plain)] : []),
    ...(several.length > 0 ? [property(more[0]!, several)] : []),
  ];
}

/** `NAME[:LINK[:FLAGS]]`. */
const directories: Write = (row, values) =>
  byFields(row, values.flatMap(wordsOf).map(withoutSpecifiers), ([name, link = '', flags]) => [
    name,
    link,
    flags === 'ro' ? 1 : 0,
  ]);

/** `GLOB[:PREFIX]`. */
const importedCredentials: Write = (row, values) => byFields(row, values, ([glob, prefix]) => [glob, prefix]);

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
  ['import-credential', importedCredentials],
  ['interfaces', signed],
  ['label', label],
  ['namespaces', namespaces],
  ['path', path],
  ['prefixes', prefixes],
  ['size', share],
  ['tasks', share],
  ['words', words],
]);

const named = (name: string, signature: string, value: unknown): Written =>
  value === undefined ? undefined : [{ name, signature, value }];

const lineByLine = (name: string) => (values: readonly string[]) =>
  values.map((line) => ({ name, signature: '(bas)', value: signedList(line) }));

/** Directives that the plan writes and no policy sets by their own names. */
const SETTINGS: ReadonlyMap<string, (values: readonly string[]) => Written> = new Map<
  string,
  (values: readonly string[]) => Written
>([
  ['SystemCallArchitectures', (values) => named('SystemCallArchitectures', 'as', values.flatMap(wordsOf))],
  ['SystemCallErrorNumber', (values) => named('SystemCallErrorNumber', 'i', errorNumber(values.at(-1)!))],
  ['SystemCallFilter', lineByLine('SystemCallFilter')],
  ['SystemCallLog', lineByLine('SystemCallLog')],
]);

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
