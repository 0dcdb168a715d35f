/** Needs of programs that ask PAM who may get in, in units that are no doorways. */

import { type Diagnostic, printable, warning } from '../diagnostic.js';
import { runsAsRoot } from '../directives/kinds/names/user.js';
import type { UnitValues } from '../unit/values.js';
import { type Calls, createTakersOf, type OnUnit } from './doorways/lock-outs.js';
import { NEEDS, type NeedName } from './doorways/needs.js';
import { allPrograms } from './launcher/commands.js';

const NOBODY = 'nobody would be let in';

/** Needs of libpam and of pam_unix(8), and the consequence where a policy takes one. */
const PAM_NEEDS: readonly (readonly [need: NeedName, consequence: string])[] = [
  ['audit', `${NOBODY}, as PAM refuses where it can't record`],
  ['passwords', NOBODY],
];

/** Of users other than root, for whom pam_unix(8) asks unix_chkpwd(8). */
const OF_USERS: typeof PAM_NEEDS = [
  ['gain', 'no password could be checked, as unix_chkpwd reads them for the service'],
];

/**
 * Warnings about what a policy takes from programs of a unit that are linked with libpam.
 * @param values the planned values of all directives
 */
export function pamNeeds(request: OnUnit, values: UnitValues, calls: Calls): Diagnostic[] {
  const { effective, target } = request;
  const program = allPrograms(effective).find((path) =>
    target.commands?.get(path)?.needed.some((name) => /^libpam\.so\./.test(name)),
  );
  if (program === undefined) return [];
  const takersOf = createTakersOf(request, calls);
  return [...PAM_NEEDS, ...(runsAsRoot({ unit: values }) ? [] : OF_USERS)].flatMap(([need, consequence]) =>
    takersOf(need).map(({ subject, at }) => {
      const message = `${printable(program, 80)} asks PAM: ${consequence}; '${subject}' ${NEEDS[need].taken}`;
      return warning('pam-fails', message, {
        at,
        hint: 'leave it out for this service, if people get in by it',
      });
    }),
  );
}
