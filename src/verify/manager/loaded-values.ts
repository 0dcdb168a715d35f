import { canonical } from '../../directives/bus/elements.js';
import { type Elements, LISTS, type ListType, listProperty } from '../../directives/bus/lists.js';
import { expectedScalar } from '../../directives/bus/scalars.js';
import { isSet } from '../../directives/bus/sets.js';
import { type Prefix, parsePrefixes } from '../../directives/format/network.js';
import { contains } from '../../directives/strictness/lists.js';
import type { Directive } from '../../directives/table.js';
import { sinceReset, wordsOf } from '../../unit/values.js';
import { setHolds } from './loaded-sets.js';

/** A property of the unit; undefined where the manager has none of this name. */
type Get = (property: string) => unknown;

/**
 * Whether the manager has loaded what a drop-in assigns to a directive. What can't be told counts as loaded:
 * a scalar's empty value, specifiers, shares of the machine's memory, flags of directories, and the order of lists.
 * A list that the drop-in begins with a reset has to be exactly ours; one without comes on top of the unit's own, and
 * has to hold all of ours. What another directive implies (DynamicUser=yes) isn't held against the weaker value.
 * @param values all right-hand sides of the drop-in, in their order, empty ones included
 */
export function isLoaded(row: Directive, values: readonly string[], get: Get): boolean {
  const { kind } = row;
  if (get(row.bus.property) === undefined || isImplied(row, values.at(-1), get)) return true;
  if (isSet(row)) return setHolds(row, values, get);
  if (kind.type === 'prefixes') return prefixesHold(row, values, get);
  if (!(kind.type in LISTS) || isWord(row, values)) return scalarHolds(row, values.at(-1) ?? '', get);
  return listHolds(row, values, get);
}

/** Delegate=yes has no list. */
const isWord = ({ kind, bus }: Directive, values: readonly string[]): boolean =>
  kind.type === 'words' && bus.signature === 'b' && ['yes', 'no'].includes(values.at(-1) ?? '');

function scalarHolds(row: Directive, text: string, get: Get): boolean {
  return [...expectedScalar(row, text)].every(([property, value]) => {
    const loaded = get(property);
    return loaded === undefined || value === undefined || canonical(loaded) === canonical(value);
  });
}

function listHolds(row: Directive, values: readonly string[], get: Get): boolean {
  const { written, loaded: read, keyed } = LISTS[row.kind.type as ListType] as AnyList;
  const ours = values
    .slice(values.lastIndexOf(row.reset ?? '') + 1)
    .flatMap((text) => written(text, row.kind, row));
  const known = (keyed ? lastOfEach(ours) : ours).filter((element) => element !== undefined);
  const value = get(listProperty(row).property) as Elements;
  const loaded = new Set((read ? read(value, row) : Array.from(value)).map(canonical));
  const wanted = new Set(known.map(canonical));
  if ([...wanted].some((element) => !loaded.has(element))) return false;
  const isWhole = values.some((text) => text === row.reset) && known.length === ours.length;
  return !isWhole || [...loaded].every((element) => wanted.has(element) || isAdded(element));
}

interface AnyList {
  readonly written: (text: string, kind: Directive['kind'], row: Directive) => Elements;
  readonly loaded?: (value: unknown, row: Directive) => Elements;
  readonly keyed?: true;
}

const lastOfEach = (elements: Elements): Elements => [
  ...new Map(elements.map((element) => [canonical((element as unknown[])?.[0]), element])).values(),
];

/** systemd leaves out prefixes that lie in others. */
function prefixesHold(row: Directive, values: readonly string[], get: Get): boolean {
  const ours = sinceReset(values).flatMap((text) =>
    wordsOf(text).flatMap((word) => parsePrefixes(word) ?? []),
  );
  const loaded = (get(row.bus.property) as [number, Iterable<number>, number][]).map(
    ([, bytes, bits]): Prefix => ({ bytes: Array.from(bytes), bits }),
  );
  const within = (inner: Prefix, list: readonly Prefix[]) => list.some((outer) => contains(outer, inner));
  const whole = values.includes('');
  return (
    ours.every((prefix) => within(prefix, loaded)) &&
    (!whole || loaded.every((prefix) => within(prefix, ours)))
  );
}

/** Directives that another one makes stricter when the unit is loaded (unit_patch_contexts() of systemd). */
const IMPLIED: ReadonlyMap<string, string> = new Map([
  ['DevicePolicy', 'PrivateDevices'],
  ['NoNewPrivileges', 'DynamicUser'],
  ['PrivateTmp', 'DynamicUser'],
  ['ProtectHome', 'DynamicUser'],
  ['ProtectSystem', 'DynamicUser'],
  ['RemoveIPC', 'DynamicUser'],
  ['RestrictSUIDSGID', 'DynamicUser'],
]);

function isImplied({ name, strictness }: Directive, value: string | undefined, get: Get): boolean {
  const by = IMPLIED.get(name);
  return by !== undefined && get(by) === true && strictness.rule === 'ranks' && value === strictness.unset;
}

/** Devices that the manager adds for images, ProtectClock= and encrypted credentials. */
const ADDED_DEVICES =
  /^\["(\/dev\/loop-control|\/dev\/mapper\/control|block-(loop|blkext|device-mapper)|char-(rtc|tpm))",/;

const isAdded = (element: string): boolean => ADDED_DEVICES.test(element);
