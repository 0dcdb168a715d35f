import { toHex } from '../collections.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { ownCommand } from '../plan/own-command.js';
import type { Plan } from '../plan/plan.js';
import type { System, UnitProperties } from '../system/system.js';

/** A service that failed after a restart. */
export interface FailedUnit {
  readonly unit: string;
  readonly scope: Plan['target']['scope'];
  /** What it was restarted under; undefined without a policy. */
  readonly plan: Plan | undefined;
  /** Its properties while it still ran; without them the run is its last one. */
  readonly run?: UnitProperties;
}

/** A service that failed: what happened, what the programs of that run said of it, where to find more. */
export async function failed(
  system: System,
  { unit, scope, plan, run }: FailedUnit,
  message: string,
): Promise<Diagnostic> {
  const properties = await system.unit(unit);
  const result = String(properties.get('Result'));
  const reason = result === 'success' ? message : `${message} (${howItEnded(properties)})`;
  const lines = await programsSaid(system, unit, scope, run ?? properties);
  const said = lines.length > 0 ? [`it said: ${lines.join(' / ')}`] : [];
  const log = scope === 'user' ? 'journalctl --user --user-unit' : 'journalctl --unit';
  const isHeld = plan?.meaning !== undefined && plan.mode === 'enforcing';
  const mayBeRefused = isHeld && !isSystemds(properties);
  const isRefused = isKilledByFilter(properties);
  const more = [
    ...(mayBeRefused || isRefused ? [whatItNeeds(unit, scope)] : []),
    ...(isRefused || said.length > 0 ? [] : [`see ${log} ${unit}`]),
  ];
  return error('service-failed', reason, { hint: [...more, ...said].join('; ') });
}

const whatItNeeds = (unit: string, scope: Plan['target']['scope']): string =>
  `'${ownCommand(scope, 'explain --record', unit)}' runs it once with no call refused, and names all that it needs`;

/**
 * The last lines of a run's own processes in the journal; systemd's, which say that it stopped, are not among them, nor
 * are those of the run before.
 */
async function programsSaid(
  system: System,
  unit: string,
  scope: Plan['target']['scope'],
  properties: UnitProperties,
): Promise<string[]> {
  const invocation = toHex((properties.get('InvocationID') ?? []) as Iterable<number>);
  const started = Math.floor(Number(properties.get('InactiveExitTimestamp') ?? 0) / 1e6);
  // Of a service that is unloaded nobody knows which lines are its last run's.
  if (invocation === '' && started === 0) return [];
  const { stdout } = await system.run([
    ...['journalctl', '--quiet', '--no-pager', '--output=cat', '--lines=5'],
    ...(invocation === '' ? [`--since=@${started}`] : []),
    ...(scope === 'user' ? ['--user', `_SYSTEMD_USER_UNIT=${unit}`] : [`_SYSTEMD_UNIT=${unit}`]),
    ...(invocation === '' ? [] : [`_SYSTEMD_INVOCATION_ID=${invocation}`]),
  ]);
  return stdout.split('\n').filter((line) => line.trim() !== '');
}

const [SIGTERM, SIGSYS] = [15, 31];

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED (waitid(2)), and the status or the signal. */
const endCode = (properties: UnitProperties) => properties.get('ExecMainCode');
const endStatus = (properties: UnitProperties) => Number(properties.get('ExecMainStatus'));
const isKilled = (properties: UnitProperties) => endCode(properties) === 2 || endCode(properties) === 3;

/** Whether SIGSYS ended the main process, as it does where a filter refuses a call. */
export const isKilledByFilter = (properties: UnitProperties): boolean =>
  isKilled(properties) && endStatus(properties) === SIGSYS;

/** Whether systemd itself gave up before the program was started (systemd.exec(5), "Process Exit Codes"). */
export const isSystemds = (properties: UnitProperties): boolean =>
  endCode(properties) === 1 && endStatus(properties) >= 200 && endStatus(properties) < 250;

/** Whether the last run of a service ended as one that is stopped does. */
export const endedWell = (properties: UnitProperties): boolean =>
  isKilled(properties) ? endStatus(properties) === SIGTERM : endStatus(properties) === 0;

/** The last run of a service that didn't succeed, in few words. */
export const howItEnded = (properties: UnitProperties): string =>
  `${properties.get('Result')}${endOf(properties)}`;

function endOf(properties: UnitProperties): string {
  const status = endStatus(properties);
  if (endCode(properties) === 1) return `, exit status ${status}`;
  if (!isKilled(properties)) return '';
  return status === SIGSYS ? ', killed by SIGSYS: a refused system call' : `, killed by signal ${status}`;
}
