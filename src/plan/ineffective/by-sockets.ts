import { type Diagnostic, error } from '../../diagnostic.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import type { Permitted } from '../../systemd/directives/directive.js';
import { findDirective } from '../../systemd/directives/table.js';
import { gained } from '../../systemd/directives/values/signed-list.js';
import { deniesAddresses, letsAddressesThrough } from './addresses.js';

/** The rules for IP sockets of a socket unit, by its own lines and its slices'. */
export interface SocketRules {
  /** Values of IPAddressDeny= and IPAddressAllow=. */
  readonly denied: readonly string[];
  readonly allowed: readonly string[];
  /** RestrictNetworkInterfaces= of the socket unit and its slices, one for each that has it. */
  readonly interfaces: readonly Permitted[];
}

/** Directives that the socket unit decides for its sockets: those of the control group in which a socket was made. */
export const HELD_BY_SOCKETS = ['IPAddressDeny', 'RestrictNetworkInterfaces'] as const;

const [ADDRESSES, INTERFACES] = HELD_BY_SOCKETS;

/**
 * A gap if a socket unit hands a service IP sockets that aren't confined as the service is to be
 * (systemd.resource-control(5)).
 * @param before values of the unit's own lines
 * @param values values of the drop-in's lines
 * @param sockets rules by the socket unit's name
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
  const message = `${name} does not apply to sockets that come from ${units}: they follow the lines of that unit`;
  const hint = `set ${name}= in a drop-in of ${units}, too; --allow-gaps accepts it`;
  return [error('gap-undone', message, { at, hint })];
}

type IsHeld = (rules: SocketRules, values: readonly string[], before: readonly string[]) => boolean;

const NOTHING_CLOSED: Permitted = { only: false, names: new Set() };

const HELD: ReadonlyMap<string, IsHeld> = new Map<string, IsHeld>([
  [
    ADDRESSES,
    ({ denied, allowed }, values) =>
      deniesAddresses(denied, values) && !letsAddressesThrough(values, allowed),
  ],
  [
    INTERFACES,
    ({ interfaces }, values, before) => {
      const row = findDirective(INTERFACES)!;
      const wanted = row.kind.permitted!(row, [...before, ...values]);
      return [NOTHING_CLOSED, ...interfaces].some((own) => gained(wanted, own).length === 0);
    },
  ],
]);
