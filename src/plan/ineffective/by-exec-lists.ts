import { type Diagnostic, printable } from '../../diagnostic.js';
import { closedBy, readOnly } from '../../systemd/directives/values/closed-paths.js';
import { mountLines, writable } from '../../systemd/directives/values/mounts.js';
import { covers, pathsOf, type UnitValues } from '../../systemd/unit/values.js';
import type { ConfinedUnit } from '../request.js';
import { loosening } from '../service.js';
import { ownValues } from '../unit-values.js';

/** Lists of a policy that mount each of their paths, and make none of them read-only. */
const LISTS = ['ExecPaths', 'NoExecPaths'];

/** Directives by which a path of these lists can't be written to all the same. */
const CLOSING = ['BindReadOnlyPaths', 'InaccessiblePaths', 'ReadOnlyPaths'];

/**
 * Diagnostics about paths of a policy's lists that lie below what the unit's own lines make read-only: systemd leaves out
 * paths with a mount of their own (bind_remount_recursive()), so that these become writable. After the start the policy's
 * own directives are looked at, and not those of the unit.
 * @param values the planned values of all directives
 */
export function writableByLists(
  { policy, effective }: Pick<ConfinedUnit, 'policy' | 'effective'>,
  values: UnitValues,
): Diagnostic[] {
  const unit = ownValues(effective);
  const parts = readOnly(unit);
  const closed = CLOSING.flatMap((name) => pathsOf(values, name));
  const open = [...writable(mountLines(unit)).map(({ path }) => path), ...LISTS.flatMap(ofUnit(unit))];
  return policy.service
    .filter(({ name }) => LISTS.includes(name))
    .flatMap(({ name, at }) => {
      const opened = pathsOf(values, name)
        .filter((path) => !path.includes('%') && !closed.includes(path))
        .filter((path) => !open.some((above) => covers(above, path)))
        .filter((path) => !parts.some((part) => part.path === path));
      const path = opened.find((one) => closedBy(parts, one) !== undefined);
      if (path === undefined) return [];
      const by = closedBy(parts, path)!;
      const reason = `it makes ${printable(path, 60)} writable, which the unit's '${by}' protects; list it in BindReadOnlyPaths`;
      return loosening({ name, at }, policy, reason);
    });
}

const ofUnit = (unit: UnitValues) => (name: string) => pathsOf(unit, name);
