import type { Variant } from 'dbus-next';
import { EXIT, error, UserError } from '../../diagnostic.js';
import type { ManagerFacts, OtherJob } from '../system.js';
import { FIELD_TYPES, parseUnitState, type UnitProperties, type UnitState } from '../unit-state.js';

/** Types of the properties that are used, by name (org.freedesktop.systemd1(5)); equal in systemd 247 to 262. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ...FIELD_TYPES,
  ['BindPaths', 'a(ssbt)'],
  ['BindReadOnlyPaths', 'a(ssbt)'],
  ['CapabilityBoundingSet', 't'],
  ['ExecStart', 'a(sasbttttuii)'],
  ['ExecStartEx', 'a(sasasttttuii)'],
  ['JobType', 's'],
  ['PrivateUsers', 'b'],
  ['PrivateUsersEx', 's'],
  ['RequiresMountsFor', 'as'],
  ['RootDirectory', 's'],
  ['RootImage', 's'],
  ['RestrictAddressFamilies', '(bas)'],
  ['RestrictNamespaces', 't'],
  ['SyslogIdentifier', 's'],
  ['SystemCallErrorNumber', 'i'],
  ['User', 's'],
]);

/** Properties that every service has, even one that doesn't exist. */
const ALWAYS = [
  ...['ActiveState', 'ControlGroup', 'DropInPaths', 'FragmentPath', 'Id', 'InvocationID', 'Job', 'LoadState'],
  ...['MainPID', 'SystemCallFilter'],
];

const unexpected = (what: string) =>
  new UserError(
    error('manager-answer', `the service manager's answer has ${what}`, {
      hint: "does another program have systemd's name on the bus?",
    }),
    EXIT.failure,
  );

/**
 * The properties in an answer's table.
 * @throws UserError `manager-answer` where a value isn't of its property's type
 */
export function valuesOf(table: unknown): UnitProperties {
  if (typeof table !== 'object' || table === null) throw unexpected('no properties');
  const entries = Object.entries(table as Readonly<Record<string, Variant>>);
  return new Map(entries.map(([name, variant]) => [name, typed(name, variant)]));
}

/** The changed properties in a signal; empty if the manager has to be asked for them. */
export function changedIn(table: unknown): UnitProperties {
  try {
    return valuesOf(table);
  } catch {
    return new Map();
  }
}

/**
 * The value of a property.
 * @throws UserError `manager-answer`
 */
function typed(name: string, variant: unknown): unknown {
  const { signature, value } = (variant ?? {}) as Partial<Variant>;
  if (signature === undefined) throw unexpected(`no value for ${name}`);
  const wanted = TYPES.get(name) ?? signature;
  if (signature !== wanted) throw unexpected(`a ${name} of type '${signature}', not '${wanted}'`);
  return value;
}

/** A service by its properties. @throws UserError `manager-answer` */
export const serviceOf = (table: unknown): UnitState => stateOf(table, ALWAYS);

/** A unit of any type by its properties. @throws UserError `manager-answer` */
export const unitOf = (table: unknown): UnitState => stateOf(table, ['ActiveState', 'Id']);

function stateOf(table: unknown, names: readonly string[]): UnitState {
  const properties = valuesOf(table);
  const missing = names.find((name) => !properties.has(name));
  if (missing !== undefined) throw unexpected(`no ${missing}`);
  return parseUnitState(properties);
}

/** The names in a list of units, sorted. @throws UserError `manager-answer` */
export function unitsIn([list]: readonly unknown[]): string[] {
  const names = Array.isArray(list) ? list.map((unit) => Array.isArray(unit) && unit[0]) : [undefined];
  if (!names.every((name) => typeof name === 'string')) throw unexpected('no unit names');
  return names.sort();
}

/** The jobs of other units in the answer of EnqueueUnitJob (org.freedesktop.systemd1(5)). @throws UserError `manager-answer` */
export function otherJobsIn(answer: readonly unknown[]): OtherJob[] {
  const jobs = Array.isArray(answer[5]) ? answer[5] : [undefined];
  return jobs.map((job) => {
    const [, , unit, , type] = Array.isArray(job) ? job : [];
    if (typeof unit !== 'string' || typeof type !== 'string') throw unexpected('no jobs of other units');
    return { unit, type };
  });
}

/** The manager's properties that managerOf() takes, in its order. */
export const MANAGER_PROPERTIES = [
  ...['Version', 'Architecture', 'Features', 'UserspaceTimestamp', 'UnitPath', 'ControlGroup'],
] as const;

/**
 * The manager's facts.
 * @param variants the values of MANAGER_PROPERTIES
 * @throws UserError `manager-answer`
 */
export function managerOf(variants: readonly unknown[]): ManagerFacts {
  const [version, architecture, features, started, unitPath, group] = variants.map(
    (variant) => (variant as Variant | undefined)?.value,
  );
  if (typeof version !== 'string' || typeof architecture !== 'string' || typeof features !== 'string') {
    throw unexpected('no version, architecture or features');
  }
  if (typeof started !== 'bigint') throw unexpected('no start time');
  const isPath = Array.isArray(unitPath) && unitPath.every((folder) => /^\/[^\n\0]*$/.test(String(folder)));
  if (!isPath || unitPath.length === 0) throw unexpected('no unit folders');
  const controlGroup = typeof group === 'string' && /^(\/[^/\n\0]+)*\/?$/.test(group) ? group : undefined;
  if (controlGroup === undefined || controlGroup.split('/').includes('..')) {
    throw unexpected('no control group of the manager');
  }
  return { version, architecture, features, started, unitPath, controlGroup };
}
