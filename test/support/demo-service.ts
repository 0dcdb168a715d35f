/** The service of most tests: its files, a policy for it, and where its drop-in is. */

export const UNIT = 'demo.service';
export const SERVICE = '[Service]\nExecStart=/usr/sbin/demod\n';
export const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\n';

/** The installed launcher. */
export const LAUNCHER = '/usr/local/libexec/sandbox-unit/launcher';

/** The installed program that loads filters of `[ready]`. */
export const TIGHTEN = '/usr/local/libexec/sandbox-unit/tighten';

export const FOLDER = `/etc/systemd/system/${UNIT}.d`;
export const FILTER = `${FOLDER}/zz-sandbox-unit.filter`;
export const DROP_IN = `${FOLDER}/zz-sandbox-unit.conf`;

/** The files of another service that has a policy. */
export const OTHER = {
  '/usr/lib/systemd/system/other.service': '[Service]\nExecStart=/usr/sbin/otherd\n',
  '/usr/sbin/otherd': '',
  '/etc/sandbox-unit/other.service.toml': NO_EXEC,
};
