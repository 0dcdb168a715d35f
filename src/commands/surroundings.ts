import { toHex } from '../collections.js';
import type { Surroundings } from '../plan/request.js';
import type { System, UnitProperties } from '../system/system.js';
import { parseUnitName } from '../unit/name.js';

interface Asked {
  readonly system: System;
  /** What the manager says of a unit or of its instances. */
  readonly properties: readonly UnitProperties[];
  /** Whether what slices allow counts for anything. */
  readonly deniesAddresses: boolean;
}

/** What holds for services by the files of other units. */
export async function surroundingsOf({ system, properties, deniesAddresses }: Asked): Promise<Surroundings> {
  const named = (name: string) => properties.map((one) => one.get(name));
  const partners = named('JoinsNamespaceOf').flatMap((names) => (names ?? []) as string[]);
  const slices = deniesAddresses ? named('Slice').flatMap((slice) => slicesAbove(String(slice ?? ''))) : [];
  const allowed = new Map<string, readonly string[]>();
  for (const slice of new Set(slices)) {
    const list = prefixesOf((await system.anyUnit(slice)).get('IPAddressAllow'));
    if (list.length > 0) allowed.set(slice, list);
  }
  return { partners: [...new Set(partners)].sort(), allowed };
}

/** A text for each of these, so that it is seen when they change. */
export const surroundingsText = ({ partners, allowed }: Surroundings): string[] => [
  ...partners,
  ...[...allowed].map(([slice, list]) => `${slice} ${list.join(' ')}`),
];

/** A slice and those that it is in: `a-b.slice`, `a.slice`, `-.slice` (systemd.slice(5)); none of what is no slice. */
function slicesAbove(name: string): string[] {
  const parsed = parseUnitName(name);
  if (!('full' in parsed) || parsed.type !== 'slice') return [];
  const parts = name === '-.slice' ? [] : name.slice(0, -'.slice'.length).split('-');
  return [...parts.map((_, i) => `${parts.slice(0, i + 1).join('-')}.slice`).reverse(), '-.slice'];
}

/** Of `a(iayu)`, family, address and length of each, as IPAddressAllow= has it. */
function prefixesOf(value: unknown): string[] {
  const list = (value ?? []) as readonly (readonly [number, Iterable<number>, number])[];
  return list.map(([, address, length]) => `${addressText([...address])}/${length}`);
}

const addressText = (bytes: readonly number[]): string =>
  bytes.length === 4 ? bytes.join('.') : (toHex(new Uint8Array(bytes)).match(/.{4}/g) ?? []).join(':');
