import { toHex } from '../../collections.js';
import { HELD_BY_SOCKETS, type SocketRules } from '../../plan/ineffective/by-sockets.js';
import type { Surroundings } from '../../plan/request.js';
import type { System, UnitProperties } from '../../system/system.js';
import { isTemplate, parseUnitName, type UnitName } from '../../unit/name.js';

interface Asked {
  readonly system: System;
  readonly unit: UnitName;
  /** Properties of the unit or of its instances, as the manager has them. */
  readonly properties: readonly UnitProperties[];
  /** Whether the policy sets a directive: facts that undo no line of the policy aren't asked for. */
  readonly sets: (directive: string) => boolean;
}

/** Facts about services that the files of other units decide. */
export async function surroundingsOf({ system, unit, properties, sets }: Asked): Promise<Surroundings> {
  const partners = properties.flatMap((one) => (one.get('JoinsNamespaceOf') ?? []) as string[]);
  const slices = sets('IPAddressDeny') ? properties.flatMap(slicesAbove) : [];
  const allowed = new Map<string, readonly string[]>();
  for (const slice of new Set(slices)) {
    const list = prefixesOf((await system.anyUnit(slice)).get('IPAddressAllow'));
    if (list.length > 0) allowed.set(slice, list);
  }
  const sockets = HELD_BY_SOCKETS.some(sets) ? await socketsOf(system, unit, properties) : new Map();
  return { partners: [...new Set(partners)].sort(), allowed, sockets };
}

/** A text for each of the facts; a hash of these texts tells when one changes. */
export const surroundingsText = ({ partners, allowed, sockets }: Surroundings): string[] => [
  ...partners,
  ...[...allowed].map(([slice, list]) => `${slice} ${list.join(' ')}`),
  ...[...sockets].map(([socket, { denied, allowed: passing, interfaces, isolated }]) => {
    const lists = interfaces.map(({ only, names }) => `${only ? '' : '~'}${[...names].join(' ')}`);
    return `${socket} -${denied.join(' ')} +${passing.join(' ')} ${lists.join('; ')}${isolated ? ' isolated' : ''}`;
  }),
];

async function socketsOf(
  system: System,
  unit: UnitName,
  properties: readonly UnitProperties[],
): Promise<ReadonlyMap<string, SocketRules>> {
  const triggers = properties.flatMap((one) => (one.get('TriggeredBy') ?? []) as string[]);
  const names = new Set(triggers.filter((name) => name.endsWith('.socket')).sort());
  // With Accept=yes a socket unit starts instances of a template, which it triggers only while they run.
  const accepting = isTemplate(unit) ? `${unit.prefix}.socket` : undefined;
  if (accepting !== undefined) names.add(accepting);
  const sockets = new Map<string, SocketRules>();
  for (const name of names) {
    const socket = await system.anyUnit(name);
    if (listensOnIp(socket) && (name !== accepting || socket.get('Accept') === true)) {
      sockets.set(name, await rulesOf(system, socket));
    }
  }
  return sockets;
}

const NETWORK = ['Datagram', 'SequentialPacket', 'Stream'];

/** Whether one of the unit's sockets is on IP: its address is no path, not abstract and not of AF_VSOCK. */
const listensOnIp = (socket: UnitProperties): boolean =>
  ((socket.get('Listen') ?? []) as readonly (readonly [string, string])[]).some(
    ([kind, address]) => NETWORK.includes(kind) && !/^(?:[/@]|vsock:)/.test(address),
  );

/**
 * The rules for a socket unit's sockets. systemd makes one table of a unit's lists of addresses and those of its
 * slices.
 */
async function rulesOf(system: System, socket: UnitProperties): Promise<SocketRules> {
  const all = [socket];
  for (const slice of slicesAbove(socket)) all.push(await system.anyUnit(slice));
  return {
    denied: all.flatMap((one) => prefixesOf(one.get('IPAddressDeny'))),
    allowed: all.flatMap((one) => prefixesOf(one.get('IPAddressAllow'))),
    interfaces: all.flatMap((one) => {
      const [only, names] = (one.get('RestrictNetworkInterfaces') ?? [false, []]) as [boolean, string[]];
      return names.length === 0 ? [] : [{ only, names: new Set(names) }];
    }),
    // NetworkNamespacePath= takes precedence over PrivateNetwork=.
    isolated: socket.get('PrivateNetwork') === true && (socket.get('NetworkNamespacePath') ?? '') === '',
  };
}

/** The slice of a unit and those above it: `a-b.slice`, `a.slice`, `-.slice` (systemd.slice(5)). */
function slicesAbove(unit: UnitProperties): string[] {
  const name = String(unit.get('Slice') ?? '');
  const parsed = parseUnitName(name);
  if (!('full' in parsed) || parsed.type !== 'slice') return [];
  const parts = name === '-.slice' ? [] : name.slice(0, -'.slice'.length).split('-');
  return [...parts.map((_, i) => `${parts.slice(0, i + 1).join('-')}.slice`).reverse(), '-.slice'];
}

/** The prefixes in a property `a(iayu)`, family, address and length of each, as IPAddressAllow= has them. */
function prefixesOf(value: unknown): string[] {
  const list = (value ?? []) as readonly (readonly [number, Iterable<number>, number])[];
  return list.map(([, address, length]) => `${addressText([...address])}/${length}`);
}

const addressText = (bytes: readonly number[]): string =>
  bytes.length === 4 ? bytes.join('.') : (toHex(new Uint8Array(bytes)).match(/.{4}/g) ?? []).join(':');
