/** Changes that `activate` has made, the script for hosts without Node (sandbox-unit-activate(8)), and that aren't done. */

import { ownCommand } from '../../command-lines.js';
import { type Diagnostic, EXIT, error, note, printable } from '../../diagnostic.js';
import type { Outcome } from '../../outcome.js';
import { ACTIVATIONS, activationsFolder, undoFolder } from '../../paths/records.js';
import { orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import { shellWord } from '../../unit/exec/shell-word.js';
import { isServiceName } from '../../unit/name.js';
import { isBusy } from '../lock.js';
import type { Changed, NotChanged } from '../unit-result.js';
import { deadlineOf, waitingUnits } from './pending.js';

/** The records that the script has left. */
interface Activations {
  /** Units that go back unless somebody keeps them, with the latest times for that in milliseconds since 1970. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Units that are being changed, or that a run which was ended has left half changed. */
  readonly halfDone: readonly string[];
}

const NONE: Activations = { waiting: new Map(), halfDone: [] };

/** Whether the script has left anything: of its records only root can see more. */
async function areThere({ system, placement, offline }: Context): Promise<boolean> {
  if (offline || placement.scope === 'user') return false;
  return (await orElse(() => system.list(undoFolder(placement)), [])).includes(ACTIVATIONS);
}

/** @throws UserError where the records can't be read */
async function readActivations(context: Context): Promise<Activations> {
  if (!(await areThere(context))) return NONE;
  // A record that isn't complete has changed nothing.
  const units = (await context.system.list(activationsFolder)).filter(isServiceName).sort();
  if (units.length === 0) return NONE;
  const boot = await bootOfScript(context);
  const waiting = new Map<string, number>();
  for (const unit of units) {
    const deadline = await deadlineIn(context, unit, boot);
    if (deadline !== undefined) waiting.set(unit, deadline);
  }
  return { waiting, halfDone: units.filter((unit) => !waiting.has(unit)) };
}

/** The text by which the script tells boots, and starts of the manager, from each other. */
async function bootOfScript({ system }: Context): Promise<string> {
  const id = await system.read('/proc/sys/kernel/random/boot_id');
  const shown = await system.run(['systemctl', 'show', '--value', '--property=UserspaceTimestampMonotonic']);
  return `${new TextDecoder().decode(id?.bytes).trim()} ${shown.stdout.trim()}`;
}

/** The time in the record of a change that waits in this boot; a time that no run can have set is none. */
async function deadlineIn(context: Context, unit: string, boot: string): Promise<number | undefined> {
  const [then, waits] = await Promise.all([
    textOf(context, `${activationsFolder}/${unit}/boot`),
    textOf(context, `${activationsFolder}/${unit}/waits`),
  ]);
  if (then?.trim() !== boot || waits === undefined || !/^\d{1,12}\n$/.test(waits)) return undefined;
  const by = Number(waits) * 1000;
  if (by - context.system.uptime() > LONGEST) return undefined;
  return deadlineOf(context, by);
}

/** The longest time that the script takes for `--confirm`, in milliseconds. */
const LONGEST = 3_600_000;

async function textOf({ system }: Context, path: string): Promise<string | undefined> {
  const file = await system.read(path, { limit: 4096 });
  return file && new TextDecoder().decode(file.bytes);
}

/** Units that wait for `activate --keep`, with the latest times for it in milliseconds since 1970. */
export const waitingActivations = async (context: Context): Promise<ReadonlyMap<string, number>> =>
  (await orElse(() => readActivations(context), NONE)).waiting;

/** Units whose changes wait, by the command or by the script, with the latest times in milliseconds since 1970. */
export const allWaiting = async (context: Context): Promise<ReadonlyMap<string, number>> =>
  new Map([...(await waitingActivations(context)), ...(await waitingUnits(context))]);

/** Diagnostics about units that the script has left half changed. It puts them back itself. */
export async function tellActivations(context: Context): Promise<Pick<Outcome, 'exit' | 'diagnostics'>> {
  const found = await orElse(() => readActivations(context), undefined);
  if (found === undefined) return { exit: EXIT.ok, diagnostics: [unseen(context)] };
  const { halfDone } = found;
  if (halfDone.length === 0) return { exit: EXIT.ok, diagnostics: [] };
  if (await isBusy(context)) {
    const diagnostics = [note('busy', `activate is changing ${halfDone.join(', ')}`)];
    return { exit: EXIT.ok, diagnostics };
  }
  const hint = `'sh ${activationsFolder}/activate --recover' puts it back`;
  const diagnostics = halfDone.map((unit) =>
    error('half-done', `activate has left ${unit} half changed`, { hint }),
  );
  return { exit: EXIT.failure, diagnostics };
}

function unseen({ placement }: Context): Diagnostic {
  const hint = `as root '${ownCommand(placement.scope, 'status')}' tells of which`;
  return note('half-done', 'activate has left units half changed, or waiting', { hint });
}

/**
 * Has the script keep a change of its own that waits, or put it back. Whoever calls this must not have the lock: the script
 * takes it.
 * @param verb what the script is to do
 */
export async function settleActivation(
  { system }: Context,
  unit: string,
  verb: 'keep' | 'undo',
): Promise<Changed | NotChanged> {
  const script = `${activationsFolder}/activate`;
  const common = { unit, changes: [] } as const;
  const trusted = await orElse(() => system.read(script, { limit: 0, head: true, trusted: true }), undefined);
  if (trusted === undefined) {
    const untrusted = `there is no ${script} that only root can change`;
    return { ...common, state: 'refused', diagnostics: [error('half-done', untrusted)] };
  }
  const { status, stderr } = await system.run(['sh', script, `--${verb}`, '--', unit]);
  if (status === 0) {
    const state = verb === 'keep' ? 'confirmed' : 'rolled-back';
    return { ...common, state, restarted: verb === 'undo', diagnostics: [] };
  }
  const said = stderr.split('\n').findLast((line) => line.trim() !== '') ?? `exit status ${status}`;
  const hint = `'sh ${script} --${verb} -- ${shellWord(unit)}' tries it again`;
  const what = verb === 'keep' ? 'kept' : 'put back';
  const message = `what activate has done to ${unit} could not be ${what}: ${printable(said)}`;
  return { ...common, state: 'refused', diagnostics: [error('half-done', message, { hint })] };
}
