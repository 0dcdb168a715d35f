import type { UnitValues } from '../unit/values.js';
import type { Directive } from './directive.js';

/**
 * Why the policy's value would weaken what the unit has, else undefined: what the unit's own files set, or what its other
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
): string | undefined {
  return row.strictness?.weaker({ row, before, after, emitted: emitted(row, before, after), unit });
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
  const own = row.kind.type === 'families' ? row.kind.permitted!(row, before) : undefined;
  return own?.only && own.names.size === 0 ? ['none'] : after;
}
