import { type Diagnostic, error } from '../diagnostic.js';
import type { DirectiveEntry } from '../policy/policy.js';
import { deniesAddresses, letsAddressesThrough } from './addresses.js';
import { findDirective } from './directives.js';
import { gained, type Permitted, permitted } from './loosen/sets.js';

/** What holds for the IP sockets of a socket unit, by its own lines and those of the slices that it is in. */
export interface SocketRules {
  /** As IPAddressDeny= and IPAddressAllow= have them. */
  readonly denied: readonly string[];
  readonly allowed: readonly string[];
  /** RestrictNetworkInterfaces=, of each that has it. */
  readonly interfaces: readonly Permitted[];
}

/**
 * A gap where a socket unit hands a service sockets on IP that aren't confined as the service is to be
 * (systemd.resource-control(5)).
 * @param values what the drop-in writes
 * @param before what the unit's own lines have
 * @param sockets by the socket unit's name
 */
export function handedSockets(
  { name, at }: DirectiveEntry,
  before: readonly string[],
  values: readonly string[],
  sockets: ReadonlyMap<string, SocketRules>,
): Diagnostic[] {
  const isHeld = HELD.get(name);
  const open = isHeld ? [...sockets].filter(([, rules]) => !isHeld(rules, values, before)) : [];
  if (open.length === 0) return [];
  const units = open.map(([unit]) => unit).join(', ');
  const message = `${units} undoes ${name}: the sockets that it hands over are held by its own lines`;
  const hint = `set ${name}= in a drop-in of ${units}, too; --allow-gaps says that it is meant`;
  return [error('gap-undone', message, { at, hint })];
}

type IsHeld = (rules: SocketRules, values: readonly string[], before: readonly string[]) => boolean;

const NOTHING_CLOSED: Permitted = { only: false, names: new Set() };

const HELD: ReadonlyMap<string, IsHeld> = new Map<string, IsHeld>([
  [
    'IPAddressDeny',
    ({ denied, allowed }, values) =>
      deniesAddresses(denied, values) && !letsAddressesThrough(values, allowed),
  ],
  [
    'RestrictNetworkInterfaces',
    ({ interfaces }, values, before) => {
      const row = findDirective('RestrictNetworkInterfaces')!;
      const wanted = permitted({ row }, [...before, ...values]);
      return [NOTHING_CLOSED, ...interfaces].some((own) => gained(wanted, own).length === 0);
    },
  ],
]);

/** Directives that systemd puts on the control group in which a socket was made, which is the socket unit's. */
export const HELD_BY_SOCKETS: readonly string[] = [...HELD.keys()];
