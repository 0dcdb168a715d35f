import { type Diagnostic, error, note } from '../diagnostic.js';
import type { System, UnitProperties } from '../system/system.js';

export interface Activation {
  /** How long the service must stay up, in milliseconds. */
  readonly settle: number;
  /** A command that must succeed then. */
  readonly probe: readonly string[] | undefined;
}

/** How long a probe may take, in milliseconds. */
const PROBE_TIMEOUT = 60_000;

const RUNNING = ['active', 'reloading', 'refreshing', 'activating'];

/** Whether the service runs, so that a restart is due. */
export const isRunning = (properties: UnitProperties): boolean =>
  RUNNING.includes(String(properties.get('ActiveState')));

/** Restarts a service and sees that it stays up and answers. Says why not; a failed unit is started anew, too. */
export async function restart(system: System, unit: string, activation: Activation): Promise<Diagnostic[]> {
  const result = await system.job('restart', unit);
  if (result !== 'done') return [await failed(system, unit, `the restart of ${unit} ended with '${result}'`)];
  const started = await system.unit(unit);
  if (isFinished(started)) return [];
  if (started.get('ActiveState') !== 'active') {
    return [await failed(system, unit, `${unit} is ${started.get('ActiveState')} after the restart`)];
  }
  await system.wait(activation.settle);
  const settled = await system.unit(unit);
  if (!isSameRun(started, settled)) return [await failed(system, unit, `${unit} did not stay up`)];
  return activation.probe ? probe(system, unit, activation.probe) : [];
}

/** A oneshot service that has done its work. */
const isFinished = (properties: UnitProperties) =>
  properties.get('Type') === 'oneshot' &&
  properties.get('ActiveState') === 'inactive' &&
  properties.get('Result') === 'success';

/** Whether a service has run on from one look to the next, without a start in between. */
export const isSameRun = (before: UnitProperties, after: UnitProperties) =>
  (after.get('ActiveState') === 'active' || isFinished(after)) &&
  ['InvocationID', 'NRestarts'].every((name) => String(before.get(name)) === String(after.get(name)));

async function probe(system: System, unit: string, argv: readonly string[]): Promise<Diagnostic[]> {
  const { status, stderr } = await system.run(argv, { timeout: PROBE_TIMEOUT });
  if (status === 0) return [];
  const [line = ''] = stderr.trim().split('\n').slice(-1);
  return [await failed(system, unit, `the probe '${argv.join(' ')}' ended with status ${status}: ${line}`)];
}

/** What happened, with what the journal's last lines say of it. */
async function failed(system: System, unit: string, message: string): Promise<Diagnostic> {
  const properties = await system.unit(unit);
  const result = String(properties.get('Result'));
  const journal = await system.run(['journalctl', '--unit', unit, '--lines=5', '--no-pager', '--output=cat']);
  const lines = journal.stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  const said = lines.length > 0 ? `the journal: ${lines.join(' / ')}` : undefined;
  const reason = result === 'success' ? message : `${message} (${result}${statusOf(properties)})`;
  return error('service-failed', reason, { hint: said });
}

const SIGSYS = 31;

function statusOf(properties: UnitProperties): string {
  const code = properties.get('ExecMainCode');
  const status = Number(properties.get('ExecMainStatus'));
  if (code === 1) return `, exit status ${status}`;
  if (code !== 2 && code !== 3) return '';
  return status === SIGSYS ? ', killed by SIGSYS: a refused system call' : `, killed by signal ${status}`;
}

/** Whether the service runs since before its files were written (milliseconds since 1970), and so without them. */
export const isOutdated = (properties: UnitProperties, written: number): boolean =>
  isRunning(properties) && Number(properties.get('InactiveExitTimestamp')) / 1000 < written;

export const restartDue = (unit: string) =>
  note('restart-due', `${unit} runs as it was before; the policy takes effect at its next start`);

export const notRunning = (unit: string) =>
  note('not-running', `${unit} isn't running: the policy takes effect at its next start`);
