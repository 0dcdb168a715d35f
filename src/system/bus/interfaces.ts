/** Interfaces of units that are read: org.freedesktop.systemd1(5). */
import type { UnitName } from '../../unit/name.js';
import { SERVICE, UNIT } from './names.js';

export const OF_SERVICE: readonly string[] = [UNIT, `${SERVICE}.Service`];

const OWN = new Map(['Slice', 'Socket'].map((one) => [one.toLowerCase(), `${SERVICE}.${one}`]));

/** Those of a unit of any type: a slice and a socket have one of their own. */
export function interfacesOf(unit: string): string[] {
  const own = OWN.get(unit.slice(unit.lastIndexOf('.') + 1));
  return own === undefined ? [UNIT] : [UNIT, own];
}

/** A pattern as in glob(7) for the instances of a template; a backslash in it makes the next character plain. */
export const instancesOf = ({ prefix, type }: UnitName): string =>
  `${prefix.replaceAll('\\', '\\\\')}@*.${type}`;
