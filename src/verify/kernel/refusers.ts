/** Tells which directives of a unit make systemd refuse a call. */

import { isOn } from '../../directives/is-on.js';
import { DIRECTIVES } from '../../directives/table.js';
import { type Abi, abisOf } from '../../syscalls/abi.js';
import { expandSet } from '../../syscalls/sets.js';
import type { UnitState } from '../../system/unit-state.js';
import type { Target } from '../../target/target.js';

/** Directives for which systemd has a filter of its own. */
const REFUSERS = DIRECTIVES.filter(({ refuses }) => refuses !== undefined);

/**
 * Makes a function that names the loaded directives which refuse a call, with some arguments at least. It names none if
 * another filter must be the cause.
 */
export function createRefusers(unit: UnitState, { machine, sets }: Pick<Target, 'machine' | 'sets'>) {
  const present = REFUSERS.filter((row) => isOn(row, unit.properties.get(row.bus.property))).map(
    ({ name, refuses }) => ({
      directive: name,
      calls: new Set(refuses!.flatMap((call) => [...(expandSet(sets, call) ?? [call])])),
    }),
  );
  const [allows, listed] = unit.systemCallFilter;
  const plain = new Set(listed.map((entry) => entry.split(':')[0]!));
  const architectures = unit.systemCallArchitectures;
  const isClosed = (abi: Abi) =>
    architectures.length > 0 && abi !== abisOf(machine)[0] && !architectures.includes(abi);
  const refusing = new Set(
    listed.filter((entry) => entry.includes(':')).map((entry) => entry.split(':')[0]!),
  );

  return (call: string, abi: Abi): string[] => {
    const inFilter = allows ? !plain.has(call) || refusing.has(call) : plain.has(call);
    return [
      ...present.filter(({ calls }) => calls.has(call)).map(({ directive }) => directive),
      ...(inFilter ? ['SystemCallFilter'] : []),
      ...(isClosed(abi) ? ['SystemCallArchitectures'] : []),
    ];
  };
}
