import { type Diagnostic, error, printable } from '../diagnostic.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { fileName, sortsAfter } from '../unit/search.js';
import type { Assignment } from '../unit/unit-file.js';
import type { PlannedCommands, PlannedDirective } from './plan.js';

/** What the drop-in sets. */
interface Planned {
  readonly directives: readonly PlannedDirective[];
  readonly commands: readonly PlannedCommands[];
}

/**
 * What systemd reads after our drop-in, and sets again what ours sets: ours isn't in force then.
 * @param dropIn the path that ours will have
 */
export function overridden(
  effective: EffectiveUnit,
  dropIn: string,
  { directives, commands }: Planned,
): Diagnostic[] {
  const keys = new Set([...directives.map(({ name }) => name), ...commands.map(({ key }) => key)]);
  return [...keys].flatMap((key) => {
    const later = effective.all('Service', key).find((line) => isAfter(line, dropIn));
    return later ? [setAgain(later, fileName(dropIn))] : [];
  });
}

/** The unit file itself comes first, whatever its name. */
const isAfter = ({ at }: Assignment, dropIn: string): boolean =>
  at.file.endsWith('.conf') && sortsAfter(at.file, dropIn);

const setAgain = ({ key, at }: Assignment, own: string) =>
  error('overridden', `systemd reads this '${key}=' after ours, which is not in force then`, {
    at,
    hint: `rename ${printable(fileName(at.file))} so that it sorts before ${own}, or move the line into the policy`,
  });
