import { error, UserError } from '../../diagnostic.js';
import type { Directive } from '../../directives/directive.js';
import { formatDirective, isFormatted } from '../../directives/format.js';
import { findTransient } from '../../directives/rows/transient.js';
import { findDirective } from '../../directives/table.js';
import type { PlannedDirective } from '../plan.js';

/** A path as a policy writes it, with specifiers escaped. */
const literal = (path: string) => path.replaceAll('%', '%%');
const field = (path: string) => literal(path).replace(/[\\:]/g, '\\$&');

/** ExecPaths= for plain paths. */
export const execPaths = (paths: readonly string[], because: string): PlannedDirective =>
  formatted(findDirective('ExecPaths')!, paths.map(literal), because);

/** BindReadOnlyPaths= for plain paths: each `[source]` on its own place, or `[source, destination]`. */
export const bindReadOnly = (
  mounts: readonly (readonly [source: string, destination?: string])[],
  because: string,
): PlannedDirective =>
  formatted(
    findDirective('BindReadOnlyPaths')!,
    mounts.map((ends) => ends.map((end) => field(end!)).join(':')),
    because,
  );

/** RequiresMountsFor= for plain paths. */
export const requiresMounts = (paths: readonly string[], because: string): PlannedDirective => ({
  ...formatted(findTransient('RequiresMountsFor')!, paths.map(literal), because),
  section: 'Unit',
});

function formatted(row: Directive, words: readonly string[], because: string): PlannedDirective {
  const { name } = row;
  const result = formatDirective(row, words, { file: name, line: 1, column: 1 });
  if (isFormatted(result)) return { name, values: result.values, because };
  throw new UserError(error('policy-value', `${name}= can't name ${words.join(', ')}`));
}
