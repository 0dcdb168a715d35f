import { type Diagnostic, error } from '../diagnostic.js';
import { ownCommand } from '../plan/own-command.js';
import type { Plan } from '../plan/plan.js';
import type { System, UnitProperties } from '../system/system.js';

/** A service that failed: what happened, what its programs said of it since they were started, where to find more. */
export async function failed(
  system: System,
  unit: string,
  scope: Plan['target']['scope'],
  message: string,
): Promise<Diagnostic> {
  const properties = await system.unit(unit);
  const result = String(properties.get('Result'));
  const reason = result === 'success' ? message : `${message} (${result}${endOf(properties)})`;
  const lines = await programsSaid(system, unit, scope, properties);
  const said = lines.length > 0 ? [`it said: ${lines.join(' / ')}`] : [];
  const log = scope === 'user' ? 'journalctl --user --user-unit' : 'journalctl --unit';
  const more = isKilledByFilter(properties)
    ? [whatItNeeds(unit, scope)]
    : said.length > 0
      ? []
      : [`see ${log} ${unit}`];
  return error('service-failed', reason, { hint: [...more, ...said].join('; ') });
}

const whatItNeeds = (unit: string, scope: Plan['target']['scope']): string =>
  `'${ownCommand(scope, 'explain --record', unit)}' runs it once with no call refused, and names all that it needs`;

/** The last lines of the unit's own processes in the journal; systemd's, which say that it stopped, are not among them. */
async function programsSaid(
  system: System,
  unit: string,
  scope: Plan['target']['scope'],
  properties: UnitProperties,
): Promise<string[]> {
  const started = Math.floor(Number(properties.get('InactiveExitTimestamp') ?? 0) / 1e6);
  const { stdout } = await system.run([
    ...['journalctl', '--quiet', '--no-pager', '--output=cat', '--lines=5', `--since=@${started}`],
    ...(scope === 'user' ? ['--user', `_SYSTEMD_USER_UNIT=${unit}`] : [`_SYSTEMD_UNIT=${unit}`]),
  ]);
  return stdout.split('\n').filter((line) => line.trim() !== '');
}

const SIGSYS = 31;

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED (waitid(2)), and the status or the signal. */
const endCode = (properties: UnitProperties) => properties.get('ExecMainCode');
const endStatus = (properties: UnitProperties) => Number(properties.get('ExecMainStatus'));
const isKilled = (properties: UnitProperties) => endCode(properties) === 2 || endCode(properties) === 3;

/** Whether SIGSYS ended the main process, as it does where a filter refuses a call. */
export const isKilledByFilter = (properties: UnitProperties): boolean =>
  isKilled(properties) && endStatus(properties) === SIGSYS;

function endOf(properties: UnitProperties): string {
  const status = endStatus(properties);
  if (endCode(properties) === 1) return `, exit status ${status}`;
  if (!isKilled(properties)) return '';
  return status === SIGSYS ? ', killed by SIGSYS: a refused system call' : `, killed by signal ${status}`;
}
