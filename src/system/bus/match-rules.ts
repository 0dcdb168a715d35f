/** Rules by which the bus passes the manager's signals on (D-Bus Specification, "Match Rules"). */
import { BUS, MANAGER, MANAGER_PATH, PROPERTIES, SERVICE, UNIT } from './names.js';

/** For the ends of jobs, and for another manager in the place of this one. */
export const JOB_RULES: readonly string[] = [
  `type='signal',sender='${SERVICE}',interface='${MANAGER}',member='JobRemoved',path='${MANAGER_PATH}'`,
  `type='signal',sender='${BUS}',interface='${BUS}',member='NameOwnerChanged',arg0='${SERVICE}'`,
];

/** For changes of one unit, or of all below a path. */
export const changesOf = (key: 'path' | 'path_namespace', path: string): string =>
  `type='signal',sender='${SERVICE}',interface='${PROPERTIES}',member='PropertiesChanged',${key}='${path}',arg0='${UNIT}'`;
