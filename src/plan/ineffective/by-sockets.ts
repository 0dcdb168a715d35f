import { type Diagnostic, error, note } from '../../diagnostic.js';
import type { Permitted } from '../../directives/directive.js';
import { findDirective } from '../../directives/table.js';
import { gained } from '../../directives/values/signed-list.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import { plain } from '../../unit/values.js';
import { deniesAddresses, letsAddressesThrough } from './addresses.js';

/** What holds for the IP sockets of a socket unit, by its own lines and those of the slices that it is in. */
export interface SocketRules {
  /** As IPAddressDeny= and IPAddressAllow= have them. */
  readonly denied: readonly string[];
  readonly allowed: readonly string[];
  /** RestrictNetworkInterfaces=, of each that has it. */
  readonly interfaces: readonly Permitted[];
  /** It has a network namespace of its own, in which they are made, by PrivateNetwork=. */
  readonly isolated: boolean;
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

/**
 * A note where the sockets that are handed over are in the host's network namespace: systemd.exec(5) has that as a use of
 * PrivateNetwork=.
 * @param values what the drop-in writes
 */
export function stayingSockets(
  { name, at }: DirectiveEntry,
  values: readonly string[],
  sockets: ReadonlyMap<string, SocketRules>,
): Diagnostic[] {
  if (name !== PRIVATE_NETWORK || plain(values.at(-1) ?? '') !== 'yes') return [];
  const units = [...sockets].filter(([, { isolated }]) => !isolated).map(([unit]) => unit);
  if (units.length === 0) return [];
  const message = `${units.join(', ')} hands over sockets that are not in the private network: who reaches those reaches the service`;
  const hint = `IPAddressDeny= and IPAddressAllow= in a drop-in of ${units.join(', ')} say who that may be`;
  return [note('sockets-stay', message, { at, hint })];
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
      const wanted = row.kind.permitted!(row, [...before, ...values]);
      return [NOTHING_CLOSED, ...interfaces].some((own) => gained(wanted, own).length === 0);
    },
  ],
]);

const PRIVATE_NETWORK = 'PrivateNetwork';

/**
 * Directives of which a socket unit's sockets have that of their own unit: what systemd puts on the control group in which
 * a socket was made, and the network namespace.
 */
export const HELD_BY_SOCKETS: readonly string[] = [...HELD.keys(), PRIVATE_NETWORK];
