/** Needs of a unit's programs that a policy takes from them, as far as their names and their files tell. */

import { type Diagnostic, note, printable, warning } from '../diagnostic.js';
import type { DirectiveEntry, Policy } from '../policy/policy.js';
import { fileName } from '../systemd/unit/path.js';
import { isOn, plain, type UnitValues } from '../systemd/unit/values.js';
import type { PlannedCalls } from './calls/calls.js';
import { codeMakerOf } from './code-makers.js';
import { allPrograms } from './launcher/commands.js';
import type { ConfinedUnit, PlanRequest } from './request.js';
import { ownValues } from './unit-values.js';

/** The line that keeps programs from making code at run time. */
export const noNewCode = ({ service }: Policy): DirectiveEntry | undefined =>
  service.find(({ name, value }) => name === 'MemoryDenyWriteExecute' && plain(String(value)) === 'yes');

/**
 * Warnings about programs that work no more, or not wholly, with what is planned.
 * @param values the planned values of all directives
 */
export const programNeeds = (request: PlanRequest, values: UnitValues, calls: PlannedCalls): Diagnostic[] => [
  ...codeMakers(request),
  ...(takesGain(request, values, calls) ? starters(request) : []),
];

/** Whether no_new_privs is set with what is planned, and not by the unit's own lines. */
const takesGain = ({ effective }: PlanRequest, values: UnitValues, { launcher }: PlannedCalls): boolean =>
  (isOn(values, 'NoNewPrivileges') || launcher?.noNewPrivileges === true) &&
  !['NoNewPrivileges', 'DynamicUser'].some((name) => isOn(ownValues(effective), name));

function codeMakers({ effective, policy, target }: ConfinedUnit): Diagnostic[] {
  const line = noNewCode(policy);
  if (line === undefined) return [];
  return allPrograms(effective).flatMap((path) => {
    const makers = [path, ...(target.libraries?.get(path) ?? [])].flatMap((name) => codeMakerOf(name) ?? []);
    const maker = makers.find(({ isSoft }) => !isSoft) ?? makers[0];
    if (maker === undefined) return [];
    const severe = maker.isSoft ? note : warning;
    const message = `${printable(path, 80)} uses ${maker.engine}, which generates code at run time: ${line.name}= forbids that`;
    const hint = maker.isSoft ? 'it still works, but more slowly' : `remove ${line.name} for this service`;
    return [severe('makes-code', message, { at: line.at, hint })];
  });
}

/** Programs that start others with set-user-ID or set-group-ID bits, by their names, and those. */
const STARTERS: readonly (readonly [name: RegExp, starts: string])[] = [
  [/^(?:cron|crond|anacron|atd)$/, 'sudo, su, ping, postdrop for the mail of jobs'],
  [/^(?:sshd|login|agetty)$/, 'sudo, su, passwd, ping'],
  [/^(?:apache2|apache2ctl|apachectl|httpd)$/, 'suexec'],
  [/^php-fpm[\d.]*$/, 'postdrop for mail()'],
  [/^(?:postfix|postmulti|master)$/, 'postdrop and postqueue for commands of aliases'],
  [/^exim4?$/, 'itself for a delivery'],
  [/^(?:smartd|mdadm|monit)$/, 'postdrop for the mail that it sends'],
  [/^(?:nrpe|icinga2|nagios4?|zabbix_agentd?2?|telegraf)$/, 'sudo, ping, fping'],
];

function starters({ effective, policy }: ConfinedUnit): Diagnostic[] {
  const at = policy.service.find(({ name }) => name === 'NoNewPrivileges')?.at ?? policy.syscalls?.at;
  return allPrograms(effective).flatMap((path) => {
    const found = STARTERS.find(([name]) => name.test(fileName(path)));
    if (!found) return [];
    const message = `set-user-ID and set-group-ID programs that ${printable(path, 80)} starts get no extra rights: ${found[1]}`;
    return [
      warning('no-new-privileges', message, {
        at,
        hint: 'if they need these rights, set NoNewPrivileges = false in [service]',
      }),
    ];
  });
}
