/** The question at the terminal whether changes are kept. */

import { shortList } from '../../collections.js';
import { type Diagnostic, EXIT, error, inOrder, renderDiagnostic, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { type HeldSignals, holdSignals } from '../../machine/held-signals.js';
import type { Outcome } from '../../outcome.js';
import { spanText } from '../../systemd/time-span.js';
import type { ConfirmDecision } from './confirm.js';
import { NOT_CONFIRMED, type PendingRecord, UNCONFIRMED, waitingOf } from './pending.js';

/** The pause between two looks whether changes still wait, in milliseconds. */
const LOOK = 500;

/**
 * The end of the question. `gone`: the terminal is closed, and the deadline decides; `over`: it has passed, or the changes were
 * confirmed or undone elsewhere.
 */
type ConfirmAnswer = 'keep' | 'undo' | 'gone' | 'over';

/** Units that wait, and all that is known of them and others. */
interface WaitingUnits {
  readonly units: readonly string[];
  readonly outcome: Outcome;
  readonly quiet: boolean;
}

/**
 * Asks at a terminal whether units stay that wait to be confirmed, after all else that is known is printed. The caller doesn't
 * have the lock.
 * @param end confirms changes, or undoes them
 * @returns the outcome of both commands
 */
export async function askWhereWaiting(
  context: Context,
  { units, outcome, quiet }: WaitingUnits,
  end: (records: readonly PendingRecord[], ending: ConfirmDecision) => Promise<Outcome>,
): Promise<Outcome> {
  if (units.length === 0) return outcome;
  // The question goes to standard error.
  const [input, output, errors] = await context.caller.terminals();
  const records = input && errors ? await waitingOf(context, units) : [];
  if (records.length === 0) return outcome;
  const isWait = ({ code, severity }: Diagnostic) => code === UNCONFIRMED && severity === 'note';
  const known = outcome.diagnostics.filter((one) => !isWait(one) && !(quiet && one.severity === 'note'));
  for (const one of inOrder(known)) context.caller.tell(renderDiagnostic(one, outcome.sources));
  const isShown = output === true && !quiet;
  if (isShown) context.caller.tell(outcome.text.trimEnd());
  const text = isShown ? '' : outcome.text;
  const signals = holdSignals(context);
  try {
    const answer = await answerTo(context, records, signals);
    if (answer === 'gone') return { ...outcome, text, diagnostics: outcome.diagnostics.filter(isWait) };
    const undo = answer === 'undo';
    const ended = await end(records, { undo, signals });
    const before = outcome.exit === EXIT.pending ? EXIT.ok : outcome.exit;
    const worst = Math.max(before, ended.exit, undo ? EXIT.findings : EXIT.ok);
    // A unit that waits since an earlier run isn't part of the question.
    const othersWait = known.some(({ code }) => code === UNCONFIRMED);
    return {
      ...ended,
      exit: worst === EXIT.ok && othersWait ? EXIT.pending : worst,
      text: `${text}${ended.text}`,
      diagnostics: [...ended.diagnostics, ...(undo ? units.map(notConfirmed) : [])],
    };
  } finally {
    signals.release();
  }
}

const notConfirmed = (unit: string): Diagnostic => error(NOT_CONFIRMED, `${unit} was not confirmed`);

async function answerTo(
  context: Context,
  records: readonly PendingRecord[],
  signals: HeldSignals,
): Promise<ConfirmAnswer> {
  const { system, caller } = context;
  const units = records.map(({ unit }) => unit);
  const left = Math.min(...records.map(({ confirmation }) => confirmation.by)) - system.uptime();
  const names = shortList(units);
  // Enter that was typed during the trial is no answer.
  const input = caller.readLine();
  caller.tell(
    `${names}: Enter within ${spanText(Math.round(left / 1000))} keeps the change; Ctrl-C undoes it.`,
  );
  const typed = input.line.then((line): ConfirmAnswer => (line === undefined ? 'gone' : 'keep'));
  try {
    for (;;) {
      const pause = signals.unlessCame(() => system.wait(LOOK));
      const answer = await Promise.race([typed, pause]);
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
