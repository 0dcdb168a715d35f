/** Rules for lists that restrict, and for exceptions that only count where another directive of the unit denies. */

import { allWords, isOn, lastOf, sinceReset, type UnitValues, wordsOf } from '../../unit/values.js';
import { type Prefix, parsePrefixes, parseSocketRule, type SocketRule } from '../format/network.js';
import { parseSize } from '../format/numbers.js';
import { list } from './scalars.js';
import type { Rule } from './values.js';

/** Each entry restricts more: only taking them back loosens. */
export const restricts: Rule = ({ before, after }) =>
  after.includes('') && sinceReset(before).length > 0 ? "it takes the unit's own entries back" : undefined;

const denies = (unit: UnitValues, name: string) => sinceReset(unit.get(name) ?? []).length > 0;

export const contains = (outer: Prefix, inner: Prefix): boolean => {
  if (outer.bytes.length !== inner.bytes.length || outer.bits > inner.bits) return false;
  return outer.bytes.every((byte, i) => {
    const bits = Math.min(8, Math.max(0, outer.bits - i * 8));
    const mask = 0xff & ~(0xff >> bits);
    return (byte & mask) === (inner.bytes[i]! & mask);
  });
};

/** IPAddressAllow= makes exceptions from IPAddressDeny=. */
export const addresses: Rule = ({ before, after, unit }) => {
  if (!denies(unit, 'IPAddressDeny')) return undefined;
  const own = allWords(before).flatMap((word) => parsePrefixes(word) ?? []);
  const added = allWords(after).filter((word) =>
    (parsePrefixes(word) ?? []).some((inner) => !own.some((outer) => contains(outer, inner))),
  );
  return added.length === 0 ? undefined : `the unit's 'IPAddressDeny' denies ${list(added)}`;
};

/** Whether all that a rule is about, another is about too. */
export const within = ({ family, protocol, ports }: SocketRule, inner: SocketRule): boolean =>
  [inner.family, 'any'].includes(family) &&
  [inner.protocol, 'any'].includes(protocol) &&
  ports[0] <= inner.ports[0] &&
  inner.ports[1] <= ports[1];

/** SocketBindAllow= makes exceptions from SocketBindDeny=. */
export const socketRules: Rule = ({ before, after, unit }) => {
  if (!denies(unit, 'SocketBindDeny')) return undefined;
  const own = sinceReset(before).flatMap((text) => parseSocketRule(text) ?? []);
  const isOwn = (text: string) => {
    const rule = parseSocketRule(text);
    return rule !== undefined && own.some((outer) => within(outer, rule));
  };
  const added = sinceReset(after).filter((text) => !isOwn(text));
  return added.length === 0 ? undefined : `the unit's 'SocketBindDeny' denies ${list(added)}`;
};

/** Devices that DevicePolicy=closed allows by itself (systemd.resource-control(5)). */
const PSEUDO_DEVICES = ['full', 'null', 'ptmx', 'random', 'tty', 'urandom', 'zero'].map(
  (name) => `/dev/${name}`,
);

/** DeviceAllow= is an allow list as soon as it has an entry, or DevicePolicy= or PrivateDevices= closes the rest. */
export const devices: Rule = ({ before, after, unit }) => {
  const policy = lastOf(unit, 'DevicePolicy');
  const closes = ['closed', 'strict'].includes(policy) || isOn(unit, 'PrivateDevices');
  const own = sinceReset(before).map(wordsOf);
  if (!closes && own.length === 0) return undefined;
  const asked = sinceReset(after).map(wordsOf);
  if (asked.length === 0 && !closes) return 'without an entry all devices are allowed';
  const allowed = ([device, access = 'rwm']: string[]) => {
    if (policy !== 'strict' && PSEUDO_DEVICES.includes(device ?? '')) return true;
    const letters = own.filter(([name]) => name === device).map(([, granted = 'rwm']) => granted);
    return [...access].every((letter) => letters.some((granted) => granted.includes(letter)));
  };
  const added = asked.filter((entry) => !allowed(entry)).map((entry) => entry.join(' '));
  return added.length === 0 ? undefined : `the unit doesn't allow ${list(added)}`;
};

/** IOReadBandwidthMax= and the like: a limit for each device, the last one for a device holds. */
export const deviceLimit: Rule = ({ before, after }) => {
  const own = limitsOf(before);
  if (after.includes('') && own.size > 0) return "it takes the unit's own limits back";
  for (const [device, asked] of limitsOf(after)) {
    const limit = own.get(device);
    if (limit !== undefined && !(asked <= limit)) return `the unit's own limit for '${device}' is lower`;
  }
  return undefined;
};

/** By device; NaN for a number that can't be read, which is neither lower nor higher than another. */
function limitsOf(values: readonly string[]): Map<string, bigint | number> {
  const limits = new Map<string, bigint | number>();
  for (const [device = '', text = ''] of sinceReset(values).map(wordsOf)) {
    limits.set(
      device,
      text === 'infinity' ? Number.POSITIVE_INFINITY : (parseSize(text, 1000) ?? Number.NaN),
    );
  }
  return limits;
}
