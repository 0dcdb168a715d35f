/** Names of the manager, of the bus, and of their interfaces: org.freedesktop.systemd1(5). */
export const SERVICE = 'org.freedesktop.systemd1';
export const MANAGER_PATH = '/org/freedesktop/systemd1';
export const MANAGER = 'org.freedesktop.systemd1.Manager';
export const BUS = 'org.freedesktop.DBus';
export const PROPERTIES = 'org.freedesktop.DBus.Properties';
export const UNIT = 'org.freedesktop.systemd1.Unit';
export const UNITS_PATH = '/org/freedesktop/systemd1/unit';
