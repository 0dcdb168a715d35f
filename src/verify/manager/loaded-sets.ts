/** Lists that `~` turns around: what they let through, as written and as loaded. */

import { bitsOf } from '../../directives/bus/elements.js';
import { NAMESPACE_BITS } from '../../directives/bus/sets.js';
import { CAPABILITIES, NAMESPACES } from '../../directives/format/sets.js';
import { FAMILY_ALIASES, type Permitted, permitted } from '../../directives/strictness/sets.js';
import type { Directive } from '../../directives/table.js';
import { wordsOf } from '../../unit/values.js';

function loadedSet({ kind }: Directive, value: unknown): Permitted {
  if (kind.type === 'capabilities' || kind.type === 'namespaces') {
    const bits = bitsOf(value);
    const names =
      kind.type === 'capabilities'
        ? CAPABILITIES.filter((_, number) => bits.includes(number))
        : NAMESPACES.filter((name) => bits.includes(NAMESPACE_BITS[name]!));
    return { only: true, names: new Set(names) };
  }
  const [only, names] = value as [boolean, string[]];
  // A list of interfaces or file systems without names restricts nothing.
  return { only: only && (names.length > 0 || kind.type === 'families'), names: new Set(names) };
}

/** Capabilities that another directive takes out of the bounding set when the unit is loaded. */
const TAKEN: readonly (readonly [by: string, capabilities: readonly string[]])[] = [
  ['PrivateDevices', ['CAP_MKNOD', 'CAP_SYS_RAWIO']],
  ['ProtectClock', ['CAP_SYS_TIME', 'CAP_WAKE_ALARM']],
  ['ProtectKernelLogs', ['CAP_SYSLOG']],
  ['ProtectKernelModules', ['CAP_SYS_MODULE']],
];

type Get = (property: string) => unknown;

/**
 * Whether a loaded set is what the assignments mean. After a reset or a list without `~` all of it is ours. A list
 * with `~` is taken from what the unit has: of that it can be told that what it names isn't let through.
 */
export function setHolds(row: Directive, values: readonly string[], get: Get): boolean {
  const loaded = loadedSet(row, get(row.bus.property));
  const onTop = values.every((value) => value.length > 1 && value.startsWith('~'));
  if (onTop) return values.every((value) => wordsOf(value.slice(1)).every((name) => !passes(loaded, name)));
  const meant = permitted({ row }, values);
  const taken = TAKEN.flatMap(([by, names]) => (get(by) === true ? names : []));
  const missing = [...meant.names].filter((name) => !loaded.names.has(name) && !taken.includes(name));
  // Which file systems a set such as @temporary has is for the target to know.
  const told = ![...meant.names].some((name) => name.startsWith('@'));
  const extra = told && [...loaded.names].some((name) => !meant.names.has(name));
  return loaded.only === meant.only && missing.every((name) => name.startsWith('@')) && !extra;
}

function passes({ only, names }: Permitted, name: string): boolean {
  if (name.startsWith('@')) return false;
  return names.has(FAMILY_ALIASES.get(name) ?? name) === only;
}
