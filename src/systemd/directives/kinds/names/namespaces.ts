import { didYouMean } from '../../../../diagnostic.js';
import { plain } from '../../../unit/values.js';
import type { ValueKind } from '../../directive.js';
import { bitsOf, property } from '../../values/bus.js';
import { minus, signed, signedKind } from '../../values/signed-list.js';
import { formatBoolean, isBoolean } from '../../values/words.js';

const NAMESPACES: readonly string[] = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'];

/** The bits of CLONE_NEW* (linux/sched.h). */
export const NAMESPACE_BITS: Readonly<Record<string, number>> = {
  mnt: 17,
  cgroup: 25,
  uts: 26,
  ipc: 27,
  user: 28,
  pid: 29,
  net: 30,
};

/** Types of namespaces, with `~` in front of the list: all but these. @param delegate they are granted */
export const namespaces = ({ delegate }: { readonly delegate: boolean }): ValueKind => {
  const table = NAMESPACES.filter((name) => !delegate || name !== 'user');
  return signedKind({
    type: 'namespaces',
    signature: 't',
    expected: `true, false or some of ${table.join(', ')}`,
    ifEmpty: 'write true or false',
    isGood: (word) => table.includes(word),
    meant: (word) => didYouMean(word, table),
    special: (reading, value) => (isBoolean(value) ? formatBoolean(reading, value) : undefined),
    permitted: (_, values) => ({ only: true, names: namespaceSet(values, delegate, table) }),
    loaded: (value) => ({ only: true, names: namespacesIn(value) }),
    isOff: (value) => !delegate && namespacesIn(value).size === NAMESPACES.length,
    write: ({ bus }, values) => {
      // A transient unit begins without a restriction.
      if (values.at(-1) === 'no') return [];
      const names = [...namespaceSet(values, delegate, table)];
      return [
        property(
          bus,
          names.reduce((all, name) => all | (1n << BigInt(NAMESPACE_BITS[name]!)), 0n),
        ),
      ];
    },
  });
};

/** The types of namespaces in a mask of CLONE_NEW* on the bus. */
export function namespacesIn(mask: unknown): ReadonlySet<string> {
  const bits = bitsOf(mask);
  return new Set(NAMESPACES.filter((name) => bits.includes(NAMESPACE_BITS[name]!)));
}

/**
 * The namespaces that RestrictNamespaces= leaves (all at first), or that DelegateNamespaces= delegates (none).
 * A boolean sets them all, the two in opposite ways.
 */
function namespaceSet(
  values: readonly string[],
  delegate: boolean,
  all: readonly string[],
): ReadonlySet<string> {
  let set: Set<string> | undefined;
  for (const value of values) {
    const [negated, words] = signed(value);
    const word = plain(value);
    if (value === '') set = undefined;
    else if (word === 'yes' || word === 'no') set = new Set((word === 'yes') === delegate ? all : []);
    else if (!words.every((name) => NAMESPACES.includes(name))) continue;
    else if (set === undefined) set = new Set(negated ? minus(all, new Set(words)) : words);
    else for (const name of words) negated ? set.delete(name) : set.add(name);
  }
  return set ?? new Set(delegate ? [] : all);
}
