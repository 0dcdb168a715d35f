import { error, UserError } from '../../diagnostic.js';
import { formatDirective, isFormatted } from '../../systemd/directives/format.js';
import { findDirective } from '../../systemd/directives/table.js';
import type { PlannedDirective } from '../plan.js';

/** A path as a policy writes it, with specifiers escaped. */
const literal = (path: string) => path.replaceAll('%', '%%');
const field = (path: string) => literal(path).replace(/[\\:]/g, '\\$&');

/** ExecPaths= for plain paths. */
export const execPaths = (paths: readonly string[], because: string): PlannedDirective =>
  formatted('ExecPaths', paths.map(literal), because);

/** BindReadOnlyPaths= for plain paths: each `[source]` on its own place, or `[source, destination]`. */
export const bindReadOnly = (
  mounts: readonly (readonly [source: string, destination?: string])[],
  because: string,
): PlannedDirective =>
  formatted(
    'BindReadOnlyPaths',
    mounts.map((ends) => ends.map((end) => field(end!)).join(':')),
    because,
  );

/** RequiresMountsFor= for plain paths, which takes the same words as ExecPaths=. */
export const requiresMounts = (paths: readonly string[], because: string): PlannedDirective => ({
  ...execPaths(paths, because),
  name: 'RequiresMountsFor',
  section: 'Unit',
});

function formatted(name: string, words: readonly string[], because: string): PlannedDirective {
  const result = formatDirective(findDirective(name)!, words, { file: name, line: 1, column: 1 });
  if (isFormatted(result)) return { name, values: result.values, because };
  throw new UserError(error('policy-value', `${name}= can't name ${words.join(', ')}`));
}
