/** The prefixes that values of IPAddressAllow= or IPAddressDeny= name. */

import { type AddressPrefix, contains, prefixesOf } from '../../systemd/directives/kinds/network/prefixes.js';

/** Whether the parts cover the whole prefix, one of them alone or several together. */
function haveAllOf(whole: AddressPrefix, parts: readonly AddressPrefix[]): boolean {
  if (parts.some((outer) => contains(outer, whole))) return true;
  const inside = parts.filter((inner) => contains(whole, inner));
  return inside.length > 1 && halves(whole).every((half) => haveAllOf(half, inside));
}

function halves({ bytes, bits }: AddressPrefix): AddressPrefix[] {
  const at = bits >> 3;
  const bit = 0x80 >> (bits & 7);
  const half = (byte: number) => ({ bytes: bytes.map((one, i) => (i === at ? byte : one)), bits: bits + 1 });
  return [half(bytes[at]! & ~bit), half(bytes[at]! | bit)];
}

/** Whether one list allows all addresses of a prefix that another denies. */
export function letsAddressesThrough(denying: readonly string[], allowing: readonly string[]): boolean {
  const allowed = prefixesOf(allowing);
  return prefixesOf(denying).some((denied) => haveAllOf(denied, allowed));
}

/** Whether one list allows any address that another denies, beside those that are meant to pass. */
export function opensAddresses(
  denying: readonly string[],
  allowing: readonly string[],
  meant: readonly string[],
): boolean {
  const passing = prefixesOf(meant);
  const opened = prefixesOf(denying).flatMap((denied) =>
    prefixesOf(allowing).flatMap((allowed) =>
      contains(denied, allowed) ? [allowed] : contains(allowed, denied) ? [denied] : [],
    ),
  );
  return opened.some((prefix) => !haveAllOf(prefix, passing));
}

/** Whether one list denies all addresses that another does. */
export function deniesAddresses(denying: readonly string[], wanted: readonly string[]): boolean {
  const denied = prefixesOf(denying);
  return prefixesOf(wanted).every((prefix) => haveAllOf(prefix, denied));
}
