import { EXIT, error, printable, UserError } from '../../diagnostic.js';
import type { System } from '../../system/system.js';

/** The search path of commands that are run as another user: setpriv(1) sets it for all but root. */
export const PATH_OF_USERS = '/usr/local/bin:/bin:/usr/bin';

/**
 * A command line by which a user with their groups and their own environment runs a command.
 * @throws UserError `no-user`
 */
export async function asUser(system: System, user: string, argv: readonly string[]): Promise<string[]> {
  const { status, stdout } = await system.run(['id', '-g', '--', user]);
  const group = /^\d+$/.exec(stdout.trim())?.[0];
  if (status !== 0 || group === undefined) {
    throw new UserError(error('no-user', `there is no user '${printable(user)}'`), EXIT.failure);
  }
  return ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups', '--reset-env', '--', ...argv];
}
