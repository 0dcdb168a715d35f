/** Interfaces of units that are read: org.freedesktop.systemd1(5). */
import type { UnitName } from '../../unit/name.js';
import { SERVICE, UNIT } from './names.js';

export const OF_SERVICE: readonly string[] = [UNIT, `${SERVICE}.Service`];

const OWN = new Map(['Scope', 'Slice', 'Socket'].map((one) => [one.toLowerCase(), `${SERVICE}.${one}`]));

/** Those of a unit of any type: a scope, a slice and a socket have one of their own. */
export function interfacesOf(unit: string): string[] {
  const own = OWN.get(unit.slice(unit.lastIndexOf('.') + 1));
  return own === undefined ? [UNIT] : [UNIT, own];
}

/** A pattern for the instances of a template, in which systemd takes a backslash as it is (FNM_NOESCAPE). */
export const instancesOf = ({ prefix, type }: UnitName): string => `${prefix}@*.${type}`;
