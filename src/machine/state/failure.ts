import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { Plan } from '../../plan/plan.js';
import { journalctl, ownCommand } from '../../systemd/command-lines.js';
import { journalEntries } from '../../systemd/formats/journal.js';
import { codeOfName, signalName, statusName } from '../../systemd/unit/exit-status.js';
import { fileName } from '../../systemd/unit/path.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { System } from '../system.js';
import { commandsOf, type LoadedCommand, type UnitState } from '../unit-state.js';

/** A service that failed after a restart. */
export interface FailedUnit {
  readonly unit: string;
  readonly scope: Scope;
  /** The plan that it was restarted under; undefined without a policy. */
  readonly plan: Plan | undefined;
  /** The unit in the failed run while it still ran; if absent, the last run is meant. */
  readonly run?: UnitState;
}

/**
 * A diagnostic about a service that failed: the event, the last words of that run's programs, and where to find more.
 */
export async function failed(
  system: System,
  { unit, scope, plan, run }: FailedUnit,
  message: string,
): Promise<Diagnostic> {
  const state = await system.unit(unit);
  const isOtherRun = run !== undefined && run.invocationId !== state.invocationId;
  const end = await endOfRun(system, { unit, scope, run: run ?? state }, state);
  const hasFailed = state.result !== 'success';
  const how = isOtherRun ? end && endText(end) : hasFailed ? howItEnded(state) : undefined;
  const reason = how ? `${message} (${how})` : message;
  const lines = await programsSaid(system, unit, scope, run ?? state);
  const said = lines.length > 0 ? [`it said: ${lines.join(' / ')}`] : [];
  const isEnforced = (plan?.meaning ?? plan?.ready) !== undefined && plan?.mode === 'enforcing';
  // The program that loads the filter of [ready] says itself what kept it from that.
  const isTighten = end?.command !== undefined && end.command.path === plan?.target.injector;
  const mayBeRefused = isEnforced && !isSystemdsEnd(end) && !isTighten;
  const isRefused = isRefusal(end);
  const more = [
    ...(mayBeRefused || isRefused ? [whatItNeeds(unit, scope)] : []),
    ...(isRefused || said.length > 0 ? [] : [`see ${journalctl(scope, unit)}`]),
  ];
  return error('service-failed', reason, { hint: [...more, ...said].join('; ') });
}

const whatItNeeds = (unit: string, scope: Scope): string =>
  `'${ownCommand(scope, 'explain --record', unit)}' runs it once without refusing calls, and lists the calls it needs`;

/** How many of a service's last lines are shown, and how many entries are looked at for them. */
const LAST_WORDS = 5;
const ENTRIES = 50;

/**
 * The last lines of a run's own processes in the journal, without systemd's lines about the stop and without those of
 * the run before. An entry that journald took after the run's end has no invocation ID.
 */
export async function programsSaid(
  system: System,
  unit: string,
  scope: Scope,
  state: UnitState,
  most = LAST_WORDS,
): Promise<string[]> {
  const invocation = state.invocationId;
  const started = Math.floor(state.inactiveExitTimestamp / 1e6);
  // It is unknown which lines are the last run's if the service is unloaded.
  if (invocation === '' && started === 0) return [];
  await awaitJournal(system);
  const { stdout } = await system.run([
    ...['journalctl', '--quiet', '--no-pager', `--lines=${ENTRIES}`, '--output=json'],
    '--output-fields=MESSAGE,_SYSTEMD_INVOCATION_ID',
    ...(started === 0 ? [] : [`--since=@${started}`]),
    ...(scope === 'user' ? ['--user', `_SYSTEMD_USER_UNIT=${unit}`] : [`_SYSTEMD_UNIT=${unit}`]),
  ]);
  const isLate = (id: string | undefined) => id === undefined && started > 0;
  const isIts = (id: string | undefined) => id === invocation || invocation === '' || isLate(id);
  return [...journalEntries(stdout)]
    .filter((entry) => isIts(entry.get('_SYSTEMD_INVOCATION_ID')))
    .flatMap((entry) => entry.get('MESSAGE')?.split('\n') ?? [])
    .filter((line) => line.trim() !== '')
    .slice(-most);
}

/** The time that an entry takes to get into the journal where journald can't be asked, in milliseconds. */
const PAUSE = 200;

/** The most that journald is waited for, in milliseconds: under a flood of messages it never comes to an end. */
const LONGEST_SYNC = 5000;

/** Waits until journald has taken what was logged before. Only the superuser may ask it for that. */
export async function awaitJournal(system: System): Promise<void> {
  const { status } = await system.run(['journalctl', '--sync'], { timeout: LONGEST_SYNC });
  if (status !== 0) await system.wait(PAUSE);
}

/** Arguments of journalctl(1) for the manager's own messages about a unit. */
export const journalMatches = ({ unit, scope }: Pick<FailedUnit, 'unit' | 'scope'>): string[] =>
  scope === 'user' ? ['--user', `USER_UNIT=${unit}`] : [`UNIT=${unit}`, '_PID=1'];

const [SIGTERM, SIGSYS] = [15, 31];

/** The end of a process: CLD_EXITED, CLD_KILLED or CLD_DUMPED (waitid(2)), and the status or the signal. */
interface End {
  readonly code: number;
  readonly status: number;
  /** Set where it is a command's of ExecStartPost=. */
  readonly command?: LoadedCommand;
}

/**
 * The end of the main process. If none was started, or only in a run before, that of the command which failed in its
 * place.
 */
function endIn(state: UnitState): End {
  const main = { code: state.execMainCode, status: state.execMainStatus };
  const failing = (keys: readonly string[]) => keys.flatMap((key) => endsOf(state, key)).find(isFailure);
  const before = failing(STARTERS);
  const isOld = before !== undefined && before.started > state.execMainStartTimestampMonotonic;
  const post = failedPost(state);
  const after = post && { code: post.code, status: post.status, command: post };
  if (after && endedStart(state, main, post)) return after;
  return main.code > 0 && !isOld ? main : (before ?? after ?? main);
}

/** The command of ExecStartPost= that has failed. */
export const failedPost = (state: UnitState): LoadedCommand | undefined =>
  endsOf(state, 'ExecStartPost').find(isFailure);

/** Whether a command of ExecStartPost= has failed before the main process did, which systemd ends then. */
function endedStart(state: UnitState, main: End, post: LoadedCommand): boolean {
  if (main.code === 0 || post.started < state.execMainStartTimestampMonotonic) return false;
  return !isFailure(main) || post.ended < state.execMainExitTimestamp;
}

const STARTERS = ['ExecCondition', 'ExecStartPre', 'ExecStart'];

/** The ends of the commands that count. */
const endsOf = (state: UnitState, key: string): readonly LoadedCommand[] =>
  commandsOf(state, key).filter(({ flags }) => !flags.includes('ignore-failure'));

const isFailure = (end: End): boolean => isKilled(end) || (end.code === 1 && end.status !== 0);

/** The ID of the manager's message about the end of a process (sd-messages.h). */
const ENDED = '98e322203f7a4ed290d09fe03c09fe15';

/**
 * The end of a service's main process in a run; undefined if it is unknown.
 * @param run the service while it ran
 * @param after the service after that run
 */
export async function endOfRun(
  system: System,
  one: Required<Omit<FailedUnit, 'plan'>>,
  after: UnitState,
): Promise<End | undefined> {
  return one.run.invocationId === after.invocationId ? endIn(after) : endInJournal(system, one);
}

/** The end of a run that another run has followed; undefined if the journal doesn't have it. */
async function endInJournal(
  system: System,
  { unit, scope, run }: Required<Omit<FailedUnit, 'plan'>>,
): Promise<End | undefined> {
  const prefix = scope === 'user' ? 'USER_' : '';
  await awaitJournal(system);
  const { stdout } = await system.run([
    ...['journalctl', '--quiet', '--no-pager', '--lines=1', '--output=json'],
    // Only the main process counts: commands that end the run have ends of their own.
    ...['--output-fields=EXIT_CODE,EXIT_STATUS', `MESSAGE_ID=${ENDED}`, 'COMMAND=ExecStart'],
    ...[...journalMatches({ unit, scope }), `${prefix}INVOCATION_ID=${run.invocationId}`],
  ]);
  const said = (name: string) => new RegExp(`"${name}":"(\\w+)"`).exec(stdout)?.[1];
  const code = codeOfName(said('EXIT_CODE') ?? '');
  return code === undefined ? undefined : { code, status: Number(said('EXIT_STATUS')) };
}

const isKilled = (end: End | undefined): boolean => end?.code === 2 || end?.code === 3;

/** Whether SIGSYS ended the process, as it does if a filter refuses a call. */
const isRefusal = (end: End | undefined): boolean => isKilled(end) && end?.status === SIGSYS;

/** Whether SIGSYS ended the main process, or the command that failed before it. */
export const isKilledByFilter = (state: UnitState): boolean => isRefusal(endIn(state));

const isSystemdsEnd = (end: End | undefined): boolean =>
  end?.code === 1 && end.status >= 200 && end.status < 250;

/** Whether systemd itself gave up before the program was started (systemd.exec(5), "Process Exit Codes"). */
export const isSystemds = (state: UnitState): boolean => isSystemdsEnd(endIn(state));

/** Whether a run ended as one that is stopped does. */
export const isWell = (end: End): boolean => (isKilled(end) ? end.status === SIGTERM : end.status === 0);

/** Whether the last run of a service ended as one that is stopped does. */
export const endedWell = (state: UnitState): boolean => isWell(endIn(state));

/** The end of the command that failed among those of a key, `exit status 1`; empty if none has. */
export const commandEnd = (state: UnitState, key: string): string =>
  endsOf(state, key).filter(isFailure).map(endText).join(', ');

/** The end of a service's last run, in few words, if it didn't succeed. */
export const howItEnded = (state: UnitState): string =>
  [state.result, endText(endIn(state))].filter(Boolean).join(', ');

function endText(end: End): string {
  const { command } = end;
  const who = command ? `ExecStartPost= (${printable(fileName(command.path))}): ` : '';
  return who + endReason(end);
}

function endReason(end: End): string {
  if (isSystemdsEnd(end)) return `exit status ${end.status}/${statusName(end.status)}`;
  if (end.code === 1) return `exit status ${end.status}`;
  if (!isKilled(end)) return '';
  return isRefusal(end)
    ? 'killed by SIGSYS: a refused system call'
    : `killed by SIG${signalName(end.status)}`;
}
