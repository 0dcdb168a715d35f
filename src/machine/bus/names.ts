/** Names of the manager, of the bus, and of their interfaces: org.freedesktop.systemd1(5). */
export const SERVICE = 'org.freedesktop.systemd1';
export const MANAGER_PATH = '/org/freedesktop/systemd1';
export const MANAGER = 'org.freedesktop.systemd1.Manager';
export const BUS = 'org.freedesktop.DBus';
export const PROPERTIES = 'org.freedesktop.DBus.Properties';
export const UNIT = 'org.freedesktop.systemd1.Unit';
export const UNITS_PATH = '/org/freedesktop/systemd1/unit';

/** Rules by which the bus passes the manager's signals on (D-Bus Specification, "Match Rules"): the ends of jobs. */
export const JOB_RULES: readonly string[] = [
  `type='signal',sender='${SERVICE}',interface='${MANAGER}',member='JobRemoved',path='${MANAGER_PATH}'`,
  `type='signal',sender='${BUS}',interface='${BUS}',member='NameOwnerChanged',arg0='${SERVICE}'`,
];

/** For changes of one unit, or of all below a path. */
export const changesOf = (key: 'path' | 'path_namespace', path: string): string =>
  `type='signal',sender='${SERVICE}',interface='${PROPERTIES}',member='PropertiesChanged',${key}='${path}',arg0='${UNIT}'`;
