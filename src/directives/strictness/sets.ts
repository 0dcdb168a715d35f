/** Rules for directives that hold a set, with systemd's way of joining assignments (config_parse_* of load-fragment.c). */

import { allWords, plain, wordsOf } from '../../unit/values.js';
import { CAPABILITIES, NAMESPACES } from '../format/sets.js';
import { list, runsAsRoot } from './scalars.js';
import type { Comparison, Rule } from './values.js';

/** What a set lets through: all but some names, or none but some. */
export interface Permitted {
  readonly only: boolean;
  readonly names: ReadonlySet<string>;
}

const ALL: Permitted = { only: false, names: new Set() };

/** The names that the wider set lets through and the narrower doesn't, as far as they can be told. */
export function gained(narrow: Permitted, wide: Permitted): string[] {
  if (narrow.only) {
    return wide.only ? minus(wide.names, narrow.names) : ['all but what is listed'];
  }
  return [...narrow.names].filter((name) => wide.names.has(name) === wide.only);
}

const minus = (a: Iterable<string>, b: ReadonlySet<string>) => [...a].filter((name) => !b.has(name));

/** Splits the sign off. */
const signed = (value: string): [boolean, string[]] =>
  value.startsWith('~') ? [true, wordsOf(value.slice(1))] : [false, wordsOf(value)];

/** systemd takes names in any case, and numbers. */
function capabilityName(word: string): string | undefined {
  if (/^\d{1,2}$/.test(word)) return CAPABILITIES[Number(word)];
  return CAPABILITIES.find((name) => name === word.toUpperCase());
}

/** CapabilityBoundingSet= (all are in it at first) and AmbientCapabilities= (none is). */
export function capabilitySet(values: readonly string[], bounding: boolean): ReadonlySet<string> {
  let set: Set<string> | undefined;
  for (const value of values) {
    const [negated, words] = signed(value);
    const names = words.map(capabilityName).filter((name) => name !== undefined);
    const unset = bounding ? set === undefined : set === undefined || set.size === 0;
    if (names.length === 0 || unset) {
      set = new Set(negated ? minus(CAPABILITIES, new Set(names)) : names);
    } else {
      for (const name of names) negated ? set!.delete(name) : set!.add(name);
    }
  }
  return set ?? new Set(bounding ? CAPABILITIES : []);
}

/**
 * The namespaces that RestrictNamespaces= leaves (all at first), or that DelegateNamespaces= delegates (none).
 * A boolean sets them all, the two in opposite ways.
 */
function namespaceSet(values: readonly string[], delegate: boolean): ReadonlySet<string> {
  const all = NAMESPACES.filter((name) => !delegate || name !== 'user');
  let set: Set<string> | undefined;
  for (const value of values) {
    const [negated, words] = signed(value);
    const word = plain(value);
    if (value === '') set = undefined;
    else if (word === 'yes' || word === 'no') set = new Set((word === 'yes') === delegate ? all : []);
    else if (!words.every((name) => NAMESPACES.includes(name))) continue;
    else if (set === undefined) set = new Set(negated ? minus(all, new Set(words)) : words);
    else for (const name of words) negated ? set.delete(name) : set.add(name);
  }
  return set ?? new Set(delegate ? [] : all);
}

/** Other names of the same family (bits/socket.h). */
export const FAMILY_ALIASES: ReadonlyMap<string, string> = new Map([
  ['AF_FILE', 'AF_UNIX'],
  ['AF_LOCAL', 'AF_UNIX'],
  ['AF_ROUTE', 'AF_NETLINK'],
]);

/** The first assignment says whether the list allows or denies; later ones of the other sign take names out. */
function listed(values: readonly string[], emptied: 'all' | 'none'): Permitted {
  let only = false;
  let names: Set<string> | undefined;
  for (const value of values) {
    const [negated, words] = signed(value);
    if (value === '') [only, names] = [false, undefined];
    else if (value === 'none') [only, names] = [true, undefined];
    else {
      if (names === undefined || (emptied === 'all' && names.size === 0))
        [only, names] = [!negated, new Set()];
      for (const word of words) {
        const name = FAMILY_ALIASES.get(word) ?? word;
        negated === only ? names.delete(name) : names.add(name);
      }
    }
  }
  if (emptied === 'all' && (names === undefined || names.size === 0)) return ALL;
  return { only, names: names ?? new Set() };
}

/** What a directive of a signed list lets through after these assignments. */
export function permitted({ row }: Pick<Comparison, 'row'>, values: readonly string[]): Permitted {
  switch (row.kind.type) {
    case 'capabilities':
      return { only: true, names: capabilitySet(values, row.name === 'CapabilityBoundingSet') };
    case 'namespaces':
      return { only: true, names: namespaceSet(values, row.name === 'DelegateNamespaces') };
    // A list of interfaces that has become empty restricts nothing.
    case 'interfaces':
      return listed(values, 'all');
    default:
      return listed(values, 'none');
  }
}

export const set: Rule = (comparison) => {
  const { before, emitted } = comparison;
  const own = permitted(comparison, before);
  const result = permitted(comparison, [...before, ...emitted]);
  const names = gained(own, result);
  if (names.length === 0) return undefined;
  return `the unit doesn't have ${names[0] === 'all but what is listed' ? names[0] : list(names)}`;
};

/**
 * Ambient capabilities reach a service that doesn't run as root; root has its bounding set anyway.
 */
export const ambient: Rule = (comparison) => {
  const bounding = capabilitySet(comparison.unit.get('CapabilityBoundingSet') ?? [], true);
  const own = capabilitySet(comparison.before, false);
  const has = (name: string) => own.has(name) || (runsAsRoot(comparison) && bounding.has(name));
  const asked = capabilitySet([...comparison.before, ...comparison.emitted], false);
  const names = [...asked].filter((name) => !has(name));
  return names.length === 0 ? undefined : `the unit doesn't have ${list(names)}`;
};

/** Bits that keep capabilities where the kernel would drop them. */
const KEEPING: readonly string[] = ['keep-caps', 'no-setuid-fixup'];

export const secureBits: Rule = ({ before, after }) => {
  const own = new Set(allWords(before));
  const asked = new Set(allWords(after));
  const lost = [...own].filter((bit) => !KEEPING.includes(bit) && !asked.has(bit));
  if (lost.length > 0) return `the unit has ${list(lost)}`;
  const added = [...asked].filter((bit) => KEEPING.includes(bit) && !own.has(bit));
  return added.length > 0 ? `the unit doesn't have ${list(added)}` : undefined;
};

/** A delegated control group is the service's to change: its limits then bind it only from above. */
export const delegate: Rule = ({ before, after }) => {
  const own = delegated(before);
  const asked = delegated(after);
  if (asked === undefined || own === 'all') return undefined;
  if (own === undefined) return "the unit's control group isn't delegated";
  const added = asked === 'all' ? ['true'] : minus(asked, own);
  return added.length === 0 ? undefined : `the unit doesn't delegate ${list(added)}`;
};

function delegated(values: readonly string[]): ReadonlySet<string> | 'all' | undefined {
  let set: Set<string> | 'all' | undefined;
  for (const value of values) {
    const word = plain(value);
    if (word === 'yes') set = 'all';
    else if (word === 'no') set = undefined;
    else if (value === '') set = new Set();
    else if (set !== 'all') set = new Set([...(set ?? []), ...wordsOf(value)]);
  }
  return set;
}

/** Features that the unit doesn't grant yet. */
export const grants: Rule = ({ before, after }) => {
  const own = (before.at(-1) ?? '').split(',');
  const asked = (after.at(-1) ?? '').split(',').filter((name) => name !== '');
  const added = own.includes('any') ? [] : asked.filter((name) => !own.includes(name));
  return added.length === 0 ? undefined : `the unit doesn't delegate ${list(added)}`;
};
