import { toHex } from '../collections.js';
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error } from '../diagnostic.js';
import type { Plan } from '../plan/plan.js';
import type { System, UnitProperties } from '../system/system.js';
import { codeOfName, statusName } from '../unit/exit-status.js';
import { recordsOf } from './stopped.js';

/** A service that failed after a restart. */
export interface FailedUnit {
  readonly unit: string;
  readonly scope: Plan['target']['scope'];
  /** The plan that it was restarted under; undefined without a policy. */
  readonly plan: Plan | undefined;
  /** Properties of the failed run while it still ran; if absent, the last run is meant. */
  readonly run?: UnitProperties;
}

/**
 * A diagnostic about a service that failed: the event, the last words of that run's programs, and where to find more.
 */
export async function failed(
  system: System,
  { unit, scope, plan, run }: FailedUnit,
  message: string,
): Promise<Diagnostic> {
  const properties = await system.unit(unit);
  const isAnew = run !== undefined && invocationOf(run) !== invocationOf(properties);
  const end = isAnew ? await endInJournal(system, { unit, scope, run }) : endIn(properties);
  const hasFailed = properties.get('Result') !== 'success';
  const how = isAnew ? end && textOf(end) : hasFailed ? howItEnded(properties) : undefined;
  const reason = how ? `${message} (${how})` : message;
  const lines = await programsSaid(system, unit, scope, run ?? properties);
  const said = lines.length > 0 ? [`it said: ${lines.join(' / ')}`] : [];
  const log = scope === 'user' ? 'journalctl --user --user-unit' : 'journalctl --unit';
  const isHeld = plan?.meaning !== undefined && plan.mode === 'enforcing';
  const mayBeRefused = isHeld && !isSystemdsEnd(end);
  const isRefused = isRefusal(end);
  const more = [
    ...(mayBeRefused || isRefused ? [whatItNeeds(unit, scope)] : []),
    ...(isRefused || said.length > 0 ? [] : [`see ${log} ${unit}`]),
  ];
  return error('service-failed', reason, { hint: [...more, ...said].join('; ') });
}

/** The invocation ID of the run that a service is in, or was in last, in hex. */
export const invocationOf = (properties: UnitProperties): string =>
  toHex((properties.get('InvocationID') ?? []) as Iterable<number>);

const whatItNeeds = (unit: string, scope: Plan['target']['scope']): string =>
  `'${ownCommand(scope, 'explain --record', unit)}' runs it once with no call refused, and names all that it needs`;

/**
 * The last lines of a run's own processes in the journal, without systemd's lines about the stop and without those of
 * the run before.
 */
async function programsSaid(
  system: System,
  unit: string,
  scope: Plan['target']['scope'],
  properties: UnitProperties,
): Promise<string[]> {
  const invocation = invocationOf(properties);
  const started = Math.floor(Number(properties.get('InactiveExitTimestamp') ?? 0) / 1e6);
  // Nobody knows which lines are the last run's if the service is unloaded.
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

/** The end of a process: CLD_EXITED, CLD_KILLED or CLD_DUMPED (waitid(2)), and the status or the signal. */
interface End {
  readonly code: number;
  readonly status: number;
}

/** The end of the main process; if none was started, that of the command which failed before it. */
function endIn(properties: UnitProperties): End {
  const main = {
    code: Number(properties.get('ExecMainCode') ?? 0),
    status: Number(properties.get('ExecMainStatus')),
  };
  return main.code > 0 ? main : (STARTERS.flatMap((key) => endsOf(properties, key)).find(isFailure) ?? main);
}

const STARTERS = ['ExecCondition', 'ExecStartPre', 'ExecStart', 'ExecStartPost'];

/**
 * The ends of the commands that count. The last two fields that the manager has of a command are the code and the
 * status.
 */
const endsOf = (properties: UnitProperties, key: string): End[] =>
  ((properties.get(`${key}Ex`) ?? []) as readonly (readonly unknown[])[])
    .filter(([, , flags]) => !(flags as readonly string[]).includes('ignore-failure'))
    .map((command) => ({ code: Number(command.at(-2)), status: Number(command.at(-1)) }));

const isFailure = (end: End): boolean => isKilled(end) || (end.code === 1 && end.status !== 0);

/** The ID of the manager's message about the end of a process (sd-messages.h). */
const ENDED = '98e322203f7a4ed290d09fe03c09fe15';

/** The time that an entry takes to get into the journal, in milliseconds. */
const PAUSE = 200;

/** The end of a run that another run has followed; undefined if the journal doesn't have it. */
async function endInJournal(
  system: System,
  { unit, scope, run }: Required<Omit<FailedUnit, 'plan'>>,
): Promise<End | undefined> {
  const prefix = scope === 'user' ? 'USER_' : '';
  await system.wait(PAUSE);
  const { stdout } = await system.run([
    ...['journalctl', '--quiet', '--no-pager', '--lines=1', '--output=json'],
    // Only the main process counts: commands that end the run have ends of their own.
    ...['--output-fields=EXIT_CODE,EXIT_STATUS', `MESSAGE_ID=${ENDED}`, 'COMMAND=ExecStart'],
    ...[...recordsOf({ unit, scope }), `${prefix}INVOCATION_ID=${invocationOf(run)}`],
  ]);
  const said = (name: string) => new RegExp(`"${name}":"(\\w+)"`).exec(stdout)?.[1];
  const code = codeOfName(said('EXIT_CODE') ?? '');
  return code === undefined ? undefined : { code, status: Number(said('EXIT_STATUS')) };
}

const isKilled = (end: End | undefined): boolean => end?.code === 2 || end?.code === 3;

/** Whether SIGSYS ended the process, as it does if a filter refuses a call. */
const isRefusal = (end: End | undefined): boolean => isKilled(end) && end?.status === SIGSYS;

/** Whether SIGSYS ended the main process, or the command that failed before it. */
export const isKilledByFilter = (properties: UnitProperties): boolean => isRefusal(endIn(properties));

const isSystemdsEnd = (end: End | undefined): boolean =>
  end?.code === 1 && end.status >= 200 && end.status < 250;

/** Whether systemd itself gave up before the program was started (systemd.exec(5), "Process Exit Codes"). */
export const isSystemds = (properties: UnitProperties): boolean => isSystemdsEnd(endIn(properties));

/** Whether the last run of a service ended as one that is stopped does. */
export function endedWell(properties: UnitProperties): boolean {
  const end = endIn(properties);
  return isKilled(end) ? end.status === SIGTERM : end.status === 0;
}

/** The end of a service's last run, in few words, if it didn't succeed. */
export const howItEnded = (properties: UnitProperties): string =>
  [properties.get('Result'), textOf(endIn(properties))].filter(Boolean).join(', ');

function textOf(end: End): string {
  if (isSystemdsEnd(end)) return `exit status ${end.status}/${statusName(end.status)}`;
  if (end.code === 1) return `exit status ${end.status}`;
  if (!isKilled(end)) return '';
  return isRefusal(end) ? 'killed by SIGSYS: a refused system call' : `killed by signal ${end.status}`;
}
