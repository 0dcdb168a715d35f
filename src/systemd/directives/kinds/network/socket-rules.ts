/** Rules for the ports that a service may bind sockets to. */

import { sinceReset } from '../../../unit/values.js';
import type { Strictness, ValueKind } from '../../directive.js';
import { listKind } from '../../values/list.js';
import { gives, list } from '../../values/strictness.js';
import { each, lines, reject } from '../../values/text.js';

/** A part that is left out of a rule is `any`, and all ports. */
export interface SocketRule {
  readonly family: string;
  readonly protocol: string;
  readonly ports: readonly [first: number, last: number];
}

/** A rule of SocketBindAllow=, else undefined. */
export function parseSocketRule(text: string): SocketRule | undefined {
  const found = /^(?:(ipv4|ipv6)(?::|$))?(?:(tcp|udp)(?::|$))?(any|\d{1,5}(?:-\d{1,5})?)?$/.exec(text);
  if (!found || text === '' || text.endsWith(':')) return undefined;
  const [, family = 'any', protocol = 'any', ports = 'any'] = found;
  if (ports === 'any') return { family, protocol, ports: [1, 65535] };
  const [first, last = first] = ports.split('-').map(Number);
  const good = first! >= 1 && last! <= 65535 && first! <= last!;
  return good ? { family, protocol, ports: [first!, last!] } : undefined;
}

/** `any` or `[ipv4:|ipv6:][tcp:|udp:]PORT[-PORT]`, an assignment each. */
export const SOCKET_RULES: ValueKind = listKind({
  type: 'socket-rules',
  signature: 'a(iiqq)',
  format: (reading, value) => {
    const expected = "'any' or [ipv4:|ipv6:][tcp:|udp:]PORT[-PORT]";
    return each(lines(reading, value, expected), (line) =>
      parseSocketRule(line) ? line : reject(reading, expected, line),
    );
  },
  elements: (text) => [ruleOf(text)],
});

const AF = { any: 0, ipv4: 2, ipv6: 10 } as Readonly<Record<string, number>>;
const IPPROTO = { any: 0, tcp: 6, udp: 17 } as Readonly<Record<string, number>>;

function ruleOf(text: string): unknown {
  const { family, protocol, ports } = parseSocketRule(text)!;
  const [first, last] = ports;
  const every = first === 1 && last === 65535;
  return [AF[family], IPPROTO[protocol], every ? 0 : last - first + 1, every ? 0 : first];
}

/** Whether all that a rule is about, another is about too. */
export const within = ({ family, protocol, ports }: SocketRule, inner: SocketRule): boolean =>
  [inner.family, 'any'].includes(family) &&
  [inner.protocol, 'any'].includes(protocol) &&
  ports[0] <= inner.ports[0] &&
  inner.ports[1] <= ports[1];

/** SocketBindAllow= makes exceptions from SocketBindDeny=. */
export const EXCEPT_PORTS: Strictness = gives(({ before, after, unit }) => {
  if (sinceReset(unit.get('SocketBindDeny') ?? []).length === 0) return undefined;
  const own = sinceReset(before).flatMap((text) => parseSocketRule(text) ?? []);
  const isOwn = (text: string) => {
    const rule = parseSocketRule(text);
    return rule !== undefined && own.some((outer) => within(outer, rule));
  };
  const added = sinceReset(after).filter((text) => !isOwn(text));
  return added.length === 0 ? undefined : `the unit's 'SocketBindDeny' denies ${list(added)}`;
});
