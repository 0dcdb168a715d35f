/** The question at the terminal whether changes are kept. */

import { shortList } from '../../collections.js';
import { asWarning, type Diagnostic, error, inOrder, renderDiagnostic, UserError } from '../../diagnostic.js';
import type { Outcome } from '../../outcome.js';
import { spanText } from '../../policy/time-span.js';
import type { Context } from '../../system/context.js';
import { type HeldSignals, holdSignals } from '../held-signals.js';
import { recoverAnyhow, whileLocked } from '../lock.js';
import type { UnitResult } from '../unit-result.js';
import { endWaits } from './confirm.js';
import { NOT_CONFIRMED, UNCONFIRMED, type Waiting, waitingOf } from './pending.js';

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
  if (records.length === 0) return NOTHING;
  const signals = holdSignals(context);
  try {
    const answer = await answerTo(context, records, signals);
    if (answer === 'gone') return NOTHING;
    const undo = answer === 'undo';
    return await whileLocked(context, async () => {
      const { diagnostics } = await recoverAnyhow(context);
      const results = await endWaits(context, records, { undo, signals });
      return { results: undo ? results.map(notKept) : results, diagnostics: diagnostics.map(asWarning) };
    });
  } finally {
    signals.release();
  }
}

const NOTHING: Settled = { results: [], diagnostics: [] };

function notKept<T extends UnitResult>(result: T): T {
  if (result.state !== 'rolled-back') return result;
  const said = error(NOT_CONFIRMED, `${result.unit} was not confirmed, and is undone`);
  return { ...result, diagnostics: [...result.diagnostics, said] };
}

async function answerTo(
  context: Context,
  records: readonly Waiting[],
  signals: HeldSignals,
): Promise<Answer> {
  const { system, caller } = context;
  const units = records.map(({ unit }) => unit);
  const left = Math.min(...records.map(({ confirmation }) => confirmation.by)) - system.uptime();
  const names = shortList(units, MOST_NAMED);
  // Enter that was typed during the trial is no answer.
  const input = caller.hearLine();
  caller.tell(
    `${names}: Enter within ${spanText(Math.round(left / 1000))} keeps the change; Ctrl-C undoes it.`,
  );
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
