import type { UnitValues } from '../unit/values.js';
import { addresses, deviceLimit, devices, restricts, socketRules } from './strictness/lists.js';
import { binds, directories, execPaths, readOnlyBinds, writePaths } from './strictness/paths.js';
import { fixed, groups, limit, mode, namespacePath, ranks, umask, user } from './strictness/scalars.js';
import { ambient, delegate, grants, permitted, secureBits, set } from './strictness/sets.js';
import type { Comparison, Rule } from './strictness/values.js';
import type { Directive, Strictness } from './table.js';

/** The rule for each word of `Strictness`; those with more to say are in `compare`. */
const RULES: Readonly<Record<Exclude<Strictness['rule'], 'ranks' | 'namespace-path'>, Rule>> = {
  neutral: () => undefined,
  fixed,
  restricts,
  set,
  'granted-set': set,
  ambient,
  'secure-bits': secureBits,
  delegate,
  user,
  groups,
  umask,
  mode,
  limit,
  'device-limit': deviceLimit,
  'write-paths': writePaths,
  'exec-paths': execPaths,
  directories,
  binds,
  'read-only-binds': readOnlyBinds,
  devices,
  addresses,
  'socket-rules': socketRules,
  grants,
};

function compare(comparison: Comparison): string | undefined {
  const { strictness } = comparison.row;
  switch (strictness.rule) {
    case 'ranks':
      return ranks(comparison, strictness);
    case 'namespace-path':
      return namespacePath(comparison, strictness.own);
    default:
      return RULES[strictness.rule](comparison);
  }
}

/**
 * Whether the policy's value would weaken what the unit has: what the unit's own files set, or what its other
 * directives close (a ReadWritePaths= below a ProtectSystem=strict of the unit's own). What can't be compared counts as
 * weaker. Limits count too: a MemoryMax= of the unit's own may be lowered, not raised. Weights, priorities,
 * accounting, credentials and names of things don't.
 *
 * @param before every right-hand side of this directive in the unit's own files, in systemd's order, empty ones
 *   included.
 * @param after what `formatDirective` wrote for the policy's value.
 * @param unit the same for any directive of the unit, by name: what closes a path or a port is in another one.
 */
export function loosens(
  row: Directive,
  before: readonly string[],
  after: readonly string[],
  unit: UnitValues,
): { readonly reason: string } | undefined {
  const reason = compare({ row, before, after, emitted: emitted(row, before, after), unit });
  return reason === undefined ? undefined : { reason };
}

/**
 * The right-hand sides that a drop-in writes, after the unit's own, so that systemd ends with the policy's value:
 * see `Merge` for the rule that each row follows.
 */
export function emitted(
  row: Directive,
  before: readonly string[],
  after: readonly string[],
): readonly string[] {
  const resets = after.length === 1 && (after[0] === '' || after[0] === row.reset);
  if (row.merge === 'scalar' || row.merge === 'append' || resets) return after;
  if (row.merge === 'replace') return [row.reset ?? '', ...after];
  const value = after[0] ?? '';
  if (['none', 'yes', 'no', '~'].includes(value)) return after;
  if (!value.startsWith('~')) return ['', ...after];
  // To systemd a deny list on top of "none" is where a new list begins, which would allow all the rest.
  const own = permitted({ row }, before);
  return row.kind.type === 'families' && own.only && own.names.size === 0 ? ['none'] : after;
}
