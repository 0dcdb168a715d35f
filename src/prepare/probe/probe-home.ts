import { type Diagnostic, printable, warning } from '../../diagnostic.js';
import { closedBy, hidden, readOnly } from '../../directives/values/closed-paths.js';
import { mountLines, writable } from '../../directives/values/mounts.js';
import type { CommandProbe } from '../../policy/probe.js';
import type { Located } from '../../syscalls/section.js';
import { fileName } from '../../unit/path.js';
import { covers, lastOf, type UnitValues } from '../../unit/values.js';
import type { Account } from './as-user.js';

/** Programs, and whether they read nothing in a home, given these words. */
const READS_NOTHING = new Map<string, (words: readonly string[]) => boolean>([
  ['curl', ([first]) => first === '-q' || first === '--disable'],
  ['pg_isready', () => true],
  ['psql', (words) => words.includes('-X') || words.includes('--no-psqlrc')],
]);

const readsHome = ({ argv: [program, ...words] }: CommandProbe): boolean =>
  !READS_NOTHING.get(fileName(program))?.(words);

/**
 * A warning where the service can write to the home of the user who runs its probes, since a probe runs outside of the
 * policy.
 * @param values the values of directives, of the unit and the policy
 */
export function probeHome(
  { at }: Located<string>,
  { name, id, home }: Account,
  probes: readonly CommandProbe[],
  values: UnitValues,
): Diagnostic[] {
  const isService = ['', 'root', '0', name, id].includes(lastOf(values, 'User'));
  const probe = probes.find(readsHome);
  if (!isService || probe === undefined || !isWritable(home, values)) return [];
  const message = `the service can write to ${printable(home, 60)}, the home of ${printable(name)}: what the probe '${printable(probe.argv[0])}' reads there may free it`;
  const hint = `'psql -X' and 'curl -q' read nothing there; or close it: ReadOnlyPaths, ProtectHome; or choose another user`;
  return [warning('probe', message, { at, hint })];
}

function isWritable(home: string, values: UnitValues): boolean {
  if (writable(mountLines(values)).some(({ path }) => covers(path, home))) return true;
  return closedBy([...readOnly(values), ...hidden(values)], home) === undefined;
}
