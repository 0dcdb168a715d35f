/** The question at the terminal whether changes are kept. */

import { shortList } from '../../collections.js';
import { type Diagnostic, error, inOrder, renderDiagnostic, UserError } from '../../diagnostic.js';
import type { Outcome } from '../../outcome.js';
import { spanText } from '../../policy/time-span.js';
import type { Context } from '../../system/context.js';
import { type HeldSignals, holdSignals } from '../held-signals.js';
import { whileLocked } from '../lock.js';
import { recover } from '../recover.js';
import type { UnitResult } from '../unit-result.js';
import { confirmRecords, outcomeOf, undoRecords, waitingOf } from './confirm.js';
import { NOT_CONFIRMED, UNCONFIRMED, uptime, type Waiting } from './stock.js';

/** The pause between two looks whether changes still wait, in milliseconds. */
const LOOK = 500;

/** Units that the question names. */
const MOST_NAMED = 5;

/**
 * The end of the question. `gone`: nobody is there to answer, and the deadline decides; `over`: it has passed, or somebody
 * else has confirmed or undone.
 */
type Answer = 'keep' | 'undo' | 'gone' | 'over';

/** The end of the wait for an answer, as units are then. */
interface Settled {
  readonly results: readonly UnitResult[];
  /** Said of units that were undone meanwhile. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Units, and all that is known of them before the question. */
interface Known {
  readonly results: readonly UnitResult[];
  readonly outcome: Pick<Outcome, 'diagnostics' | 'sources'>;
  readonly quiet: boolean;
}

/** Units after the question. */
export interface Answered {
  readonly results: readonly UnitResult[];
  /** Said of no single unit. */
  readonly diagnostics: readonly Diagnostic[];
  /** Whether a diagnostic is yet to be told. */
  readonly isNew: (diagnostic: Diagnostic) => boolean;
}

/**
 * Asks at a terminal whether units stay that wait to be confirmed, when all else that is known is told; undefined where
 * none waits, or nobody is there. Whoever calls it doesn't have the lock.
 */
export async function askWhereWaiting(
  context: Context,
  { results, outcome, quiet }: Known,
): Promise<Answered | undefined> {
  const waiting = results.filter(({ state }) => state === 'unconfirmed').map(({ unit }) => unit);
  if (waiting.length === 0 || !(await canAsk(context))) return undefined;
  const told = tellBefore(context, outcome, quiet);
  const settled = await askToConfirm(context, waiting);
  return {
    results: results.map((one) => withAnswer(one, settled)),
    diagnostics: settled.diagnostics,
    isNew: (one) => !told.has(renderDiagnostic(one, outcome.sources)),
  };
}

/** Whether somebody can be asked: the question goes to standard error. */
async function canAsk({ caller }: Context): Promise<boolean> {
  const [input, , errors] = await caller.terminals();
  return input === true && errors === true;
}

/** Tells who is asked all that is known, as that another unit failed. @returns the texts that were told */
function tellBefore(
  { caller }: Context,
  { diagnostics, sources }: Known['outcome'],
  quiet: boolean,
): ReadonlySet<string> {
  const known = diagnostics.filter(
    ({ severity, code }) => code !== UNCONFIRMED && !(quiet && severity === 'note'),
  );
  const told = new Set(inOrder(known).map((one) => renderDiagnostic(one, sources)));
  for (const text of told) caller.tell(text);
  return told;
}

/** A unit after the question. */
function withAnswer(result: UnitResult, { results }: Settled): UnitResult {
  const later = results.find(({ unit }) => unit === result.unit);
  if (!later || result.state !== 'unconfirmed') return result;
  const notes = result.diagnostics.filter(({ code }) => code !== UNCONFIRMED);
  const diagnostics = [...notes, ...later.diagnostics];
  const { deadline: _, ...changed } = result;
  if (later.state === 'confirmed') return { ...changed, state: 'applied', diagnostics };
  // A change that can't be confirmed goes on waiting.
  if (later.state === 'refused')
    return { ...result, diagnostics: [...result.diagnostics, ...later.diagnostics] };
  return { ...changed, state: later.state === 'rolled-back' ? 'rolled-back' : 'failed', diagnostics };
}

/** Asks whether units stay that wait to be confirmed, and does as is answered. */
async function askToConfirm(context: Context, units: readonly string[]): Promise<Settled> {
  const records = await waitingOf(context, units);
  if (records.length === 0) return { results: [], diagnostics: [] };
  const signals = holdSignals(context);
  try {
    const answer = await answerTo(context, records, signals);
    if (answer === 'gone') return { results: [], diagnostics: [] };
    return await whileLocked(context, async () => {
      const diagnostics = await recover(context);
      return { diagnostics, results: await settled(context, records, { answer, signals }) };
    });
  } finally {
    signals.release();
  }
}

interface Given {
  readonly answer: Answer;
  readonly signals: HeldSignals;
}

/** Does as was answered to those that still wait; of the others their files tell what became of them. */
async function settled(
  context: Context,
  records: readonly Waiting[],
  { answer, signals }: Given,
): Promise<readonly UnitResult[]> {
  const still = await waitingOf(
    context,
    records.map(({ unit }) => unit),
  );
  const waits = new Set(still.map(({ unit }) => unit));
  const others = records.filter(({ unit }) => !waits.has(unit));
  const results: UnitResult[] = [];
  for (const record of others) results.push(await outcomeOf(context, record));
  if (answer === 'keep') return [...results, ...(await confirmRecords(context, still))];
  if (answer !== 'undo') return results;
  const undone = await undoRecords(context, still, signals);
  return [
    ...results,
    ...undone.map((one) => ({ ...one, diagnostics: [...one.diagnostics, notKept(one.unit)] })),
  ];
}

const notKept = (unit: string): Diagnostic =>
  error(NOT_CONFIRMED, `${unit} was not confirmed, and is undone`);

async function answerTo(
  context: Context,
  records: readonly Waiting[],
  signals: HeldSignals,
): Promise<Answer> {
  const { system, caller } = context;
  const units = records.map(({ unit }) => unit);
  const left = Math.min(...records.map(({ confirmation }) => confirmation.by)) - (await uptime(context));
  const names = shortList(units, MOST_NAMED);
  caller.tell(
    `${names}: Enter within ${spanText(Math.round(left / 1000))} keeps the change; Ctrl-C undoes it.`,
  );
  const input = caller.hearLine();
  const heard = input.line.then((line): Answer => (line === undefined ? 'gone' : 'keep'));
  try {
    for (;;) {
      const pause = signals.unlessCame(() => system.wait(LOOK));
      const answer = await Promise.race([heard, pause]);
      if (answer) return answer;
      if ((await waitingOf(context, units)).length === 0) return 'over';
    }
  } catch (cause) {
    const came = signals.came();
    if (!(cause instanceof UserError) || came === undefined) throw cause;
    // A terminal that is closed takes the question along, and nothing else.
    return came === 'SIGHUP' ? 'gone' : 'undo';
  } finally {
    input.stop();
  }
}
