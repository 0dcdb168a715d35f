import { failure, printable } from '../../diagnostic.js';
import type { System } from '../../machine/system.js';
import { literalWord } from '../../systemd/unit/unit-property.js';

/** The search path of commands that are run as another user. */
export const PATH_OF_USERS = '/usr/local/bin:/bin:/usr/bin';

/** A shell tells of a signal by a status; systemd would take SIGTERM for the good end of a service. */
const SHELL = ['/bin/sh', '-c', '"$@"; exit $?', 'sh'];

/**
 * A command line by which root has the service manager run a command as a user with their groups: in a unit of its own,
 * away from the caller's terminal, environment and open files. Nothing that the command starts outlives the unit.
 * @param timeout most milliseconds for it
 */
export const asUser = (user: string, argv: readonly string[], timeout: number): string[] => [
  ...['systemd-run', '--quiet', '--wait', '--pipe', '--collect', `--uid=${user}`],
  ...(user === 'root' ? [] : [`--setenv=PATH=${PATH_OF_USERS}`]),
  ...[
    `--property=RuntimeMaxSec=${timeout}ms`,
    '--property=KillSignal=SIGKILL',
    '--property=IgnoreSIGPIPE=no',
    '--',
  ],
  ...[...SHELL, ...argv].map(literalWord),
];

/** @throws UserError `no-user` */
export async function assertUser(system: System, user: string): Promise<void> {
  const { status, stdout } = await system.run(['getent', 'passwd', '--', user]);
  if (status === 0 && stdout !== '') return;
  throw failure('no-user', `there is no user '${printable(user)}'`);
}
