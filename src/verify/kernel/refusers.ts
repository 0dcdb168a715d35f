/** Tells which directives of a unit make systemd refuse a call. */

import { lazily } from '../../collections.js';
import type { UnitState } from '../../machine/unit-state.js';
import { type Abi, abisOf } from '../../seccomp/syscalls/abi.js';
import { expandSet } from '../../seccomp/syscalls/sets.js';
import { isOn } from '../../systemd/directives/is-on.js';
import { directives } from '../../systemd/directives/table.js';
import type { Target } from '../../systemd/target/target.js';

/** Directives for which systemd has a filter of its own. */
const refusers = lazily(() => directives().filter(({ refuses }) => refuses !== undefined));

/** The loaded directives for which systemd has a filter of its own. */
const refusersOf = ({ properties }: UnitState) =>
  refusers().filter((row) => isOn(row, properties.get(row.bus.property)));

/**
 * Whether systemd's filters for a unit let calls fail with an errno. Those of directives do; SystemCallFilter= does with
 * SystemCallErrorNumber=, and where a name has an errno of its own. ENOSYS doesn't count: another call is made then.
 */
export function letsCallsFail(unit: UnitState): boolean {
  const [allows, listed] = unit.systemCallFilter;
  const number = Number(unit.properties.get('SystemCallErrorNumber') ?? 0);
  const isByNumber = (allows || listed.length > 0) && number > 0 && number <= MAX_ERRNO;
  const isByName = listed.some((entry) => entry.includes(':') && !/:(?:kill|ENOSYS|38)$/.test(entry));
  return isByNumber || isByName || refusersOf(unit).length > 0;
}

/** Numbers above have another meaning, as `kill` (MAX_ERRNO, linux/err.h). */
const MAX_ERRNO = 4095;

/**
 * Makes a function that names the loaded directives which refuse a call, with some arguments at least. It names none if
 * another filter must be the cause.
 */
export function createRefusers(unit: UnitState, { machine, sets }: Pick<Target, 'machine' | 'sets'>) {
  const present = refusersOf(unit).map(({ name, refuses }) => ({
    directive: name,
    calls: new Set(refuses!.flatMap((call) => [...(expandSet(sets, call) ?? [call])])),
  }));
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
