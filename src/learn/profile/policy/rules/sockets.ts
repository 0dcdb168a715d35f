/** Rules on the families and types of sockets. */

import { groupBy } from '../../../../collections.js';
import { ADDRESS_FAMILIES } from '../../../../systemd/directives/kinds/names/families.js';
import { valuesSeen } from '../arguments.js';
import type { ProfilePart } from '../input.js';
import { AF, operandOf, type Vocabulary } from './constants.js';
import type { LearnedRule, RuledCall } from './rule.js';

export const TYPES: Vocabulary = { pattern: /^SOCK_(?!CLOEXEC|NONBLOCK)/ };
/** Bits of a socket's type; the flags SOCK_CLOEXEC and SOCK_NONBLOCK are above (socket(2)). */
export const TYPE_BITS = 0xfn;

/** Families with the numbers of their types; undefined where some may be missing. */
export function socketsSeen(profile: ProfilePart): ReadonlyMap<bigint, ReadonlySet<bigint>> | undefined {
  const [one, two] = ['socket', 'socketpair'].map((call) => valuesSeen(profile, call, [0, 1]));
  if (one === undefined || two === undefined) return undefined;
  const byFamily = groupBy([...one, ...two], ([family]) => BigInt.asUintN(32, family!));
  return new Map(
    [...byFamily].map(([family, pairs]) => [family, new Set(pairs.map(([, type]) => type! & TYPE_BITS))]),
  );
}

/** Families that programs use in each other's place, or that C libraries use by themselves. */
const [UNIX, INET, INET6] = [1n, 2n, 10n];
/** SOCK_STREAM and SOCK_DGRAM: name lookups and syslog(3) take either. */
const USUAL_TYPES = [1n, 2n];

/** The families to let through: of IP both, since lookups try both, and AF_UNIX, by which C libraries log and look up. */
export function familiesFor(seen: Iterable<bigint>): bigint[] {
  const families = new Set([...seen, UNIX]);
  if (families.has(INET) || families.has(INET6)) for (const family of [INET, INET6]) families.add(family);
  return [...families].sort((a, b) => Number(a - b));
}

/** The name of a family, or its number in hex. */
export const familyName = (family: bigint): string => operandOf(AF, family);

/** Whether a family has a name that directives know. */
export const isNamedFamily = (family: bigint): boolean => ADDRESS_FAMILIES.includes(familyName(family));

export function socketRules(profile: ProfilePart): RuledCall[] {
  const seen = socketsSeen(profile);
  if (!seen || seen.size === 0) return [];
  const typesOf = (family: bigint): bigint[] => {
    const usual = [UNIX, INET, INET6].includes(family) ? USUAL_TYPES : [];
    const own = [...(seen.get(family) ?? [])];
    return [...new Set([...usual, ...own])].sort((a, b) => Number(a - b));
  };
  const byTypes = groupBy(familiesFor(seen.keys()), (family) => typesOf(family).join(' '));
  return [
    {
      call: 'socket',
      comment: 'Families and types of sockets that were seen, or that C libraries use by themselves.',
      decides: true,
      otherwise: 'EAFNOSUPPORT',
      rules: [...byTypes.values()].map((families) => socketRule(families, typesOf(families[0]!))),
    },
  ];
}

const socketRule = (families: readonly bigint[], types: readonly bigint[]): LearnedRule => ({
  syscall: 'socket',
  when: [
    { arg: 0, op: 'in', operands: families.map(familyName) },
    { arg: 1, op: 'in', operands: types.flatMap((type) => withFlags(operandOf(TYPES, type))) },
  ],
  action: 'allow',
});

const withFlags = (type: string): string[] => [
  type,
  `${type}|SOCK_CLOEXEC`,
  `${type}|SOCK_NONBLOCK`,
  `${type}|SOCK_CLOEXEC|SOCK_NONBLOCK`,
];
