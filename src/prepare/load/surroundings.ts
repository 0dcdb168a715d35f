import { toHex } from '../../collections.js';
import type { System } from '../../machine/system.js';
import type { NetworkPrefix, UnitState } from '../../machine/unit-state.js';
import { HELD_BY_SOCKETS, type SocketRules } from '../../plan/ineffective/by-sockets.js';
import type { Surroundings } from '../../plan/request.js';
import { isTemplate, parseUnitName, type UnitName } from '../../systemd/unit/name.js';

interface SurroundingsRequest {
  readonly system: System;
  readonly unit: UnitName;
  /** The unit or its instances, as the manager has them. */
  readonly states: readonly UnitState[];
  /** Whether the policy sets a directive: facts that undo no line of the policy aren't asked for. */
  readonly sets: (directive: string) => boolean;
}

/** Facts about services that the files of other units decide. */
export async function surroundingsOf({
  system,
  unit,
  states,
  sets,
}: SurroundingsRequest): Promise<Surroundings> {
  const slices = sets('IPAddressDeny') ? states.flatMap(slicesAbove) : [];
  const allowed = new Map<string, readonly string[]>();
  for (const slice of new Set(slices)) {
    const list = (await system.anyUnit(slice)).ipAddressAllow.map(prefixText);
    if (list.length > 0) allowed.set(slice, list);
  }
  const sockets = HELD_BY_SOCKETS.some(sets) ? await socketsOf(system, unit, states) : new Map();
  return { allowed, sockets };
}

/** A text for each of the facts; a hash of these texts tells when one changes. Whether a socket unit is up comes and goes. */
export const surroundingsText = ({ allowed, sockets }: Surroundings): string[] => [
  ...[...allowed].map(([slice, list]) => `${slice} ${list.join(' ')}`),
  ...[...sockets].map(([socket, { denied, allowed: passing, interfaces }]) => {
    const lists = interfaces.map(({ only, names }) => `${only ? '' : '~'}${[...names].join(' ')}`);
    return `${socket} -${denied.join(' ')} +${passing.join(' ')} ${lists.join('; ')}`;
  }),
];

/** The socket units that start a service. With Accept=yes one starts instances of a template, and triggers only those that run. */
function socketNames(unit: UnitName, states: readonly UnitState[]): string[] {
  const triggers = states.flatMap((one) => one.triggeredBy).filter((name) => name.endsWith('.socket'));
  return [...new Set([...triggers.sort(), ...(isTemplate(unit) ? [`${unit.prefix}.socket`] : [])])];
}

async function socketsOf(
  system: System,
  unit: UnitName,
  states: readonly UnitState[],
): Promise<ReadonlyMap<string, SocketRules>> {
  const accepting = isTemplate(unit) ? `${unit.prefix}.socket` : undefined;
  const sockets = new Map<string, SocketRules>();
  for (const name of socketNames(unit, states)) {
    const socket = await system.anyUnit(name);
    if (listensOnIp(socket) && (name !== accepting || socket.accept)) {
      sockets.set(name, await rulesOf(system, socket));
    }
  }
  return sockets;
}

const NETWORK = ['Datagram', 'SequentialPacket', 'Stream'];

/** Whether one of the unit's sockets is on IP: its address is no path, not abstract and not of AF_VSOCK. */
const listensOnIp = (socket: UnitState): boolean =>
  socket.listen.some(([kind, address]) => NETWORK.includes(kind) && !/^(?:[/@]|vsock:)/.test(address));

/**
 * The rules for a socket unit's sockets. systemd makes one table of a unit's lists of addresses and those of its
 * slices.
 */
async function rulesOf(system: System, socket: UnitState): Promise<SocketRules> {
  const all = [socket];
  for (const slice of slicesAbove(socket)) all.push(await system.anyUnit(slice));
  return {
    denied: all.flatMap((one) => one.ipAddressDeny.map(prefixText)),
    allowed: all.flatMap((one) => one.ipAddressAllow.map(prefixText)),
    interfaces: all.flatMap((one) => {
      const [only, names] = one.restrictNetworkInterfaces;
      return names.length === 0 ? [] : [{ only, names: new Set(names) }];
    }),
  };
}

/** The slice of a unit and those above it: `a-b.slice`, `a.slice`, `-.slice` (systemd.slice(5)). */
function slicesAbove(unit: UnitState): string[] {
  const { slice: name } = unit;
  const parsed = parseUnitName(name);
  if (!('full' in parsed) || parsed.type !== 'slice') return [];
  const parts = name === '-.slice' ? [] : name.slice(0, -'.slice'.length).split('-');
  return [...parts.map((_, i) => `${parts.slice(0, i + 1).join('-')}.slice`).reverse(), '-.slice'];
}

/** A prefix as IPAddressAllow= has it. */
const prefixText = ({ address, length }: NetworkPrefix): string => `${addressText(address)}/${length}`;

const addressText = (bytes: readonly number[]): string =>
  bytes.length === 4 ? bytes.join('.') : (toHex(new Uint8Array(bytes)).match(/.{4}/g) ?? []).join(':');
