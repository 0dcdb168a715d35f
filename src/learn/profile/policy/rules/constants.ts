/** Names of constants by their values, for arguments of which a policy names the values. */

import { ABIS, type Abi } from '../../../../seccomp/syscalls/abi.js';
import { constantNames, constantValue } from '../../../../seccomp/syscalls/constants.js';

/** The values of one argument: which constants may name it. */
export interface Vocabulary {
  /** Names that win over others of the same value. */
  readonly first?: readonly string[];
  readonly pattern: RegExp;
}

const ALL_ABIS = Object.keys(ABIS) as Abi[];

const isEverywhere = (name: string, value: bigint | undefined): boolean =>
  value !== undefined && ALL_ABIS.every((abi) => constantValue(abi, name) === value);

/** The name of a value; undefined where it has none that means it on every ABI. */
export function nameOfValue({ first = [], pattern }: Vocabulary, value: bigint): string | undefined {
  const means = (name: string) => isEverywhere(name, value);
  const preferred = first.find(means);
  if (preferred !== undefined) return preferred;
  for (const name of constantNames()) if (pattern.test(name) && means(name)) return name;
  return undefined;
}

/** An operand of a rule: a constant's name, or else the number in hex. */
export const operandOf = (vocabulary: Vocabulary, value: bigint): string =>
  nameOfValue(vocabulary, value) ?? `0x${value.toString(16)}`;

/** Address families. Of several names the one that directives have, too, comes first. */
export const AF: Vocabulary = { first: ['AF_UNIX', 'AF_NETLINK'], pattern: /^AF_[A-Z0-9]+$/ };
