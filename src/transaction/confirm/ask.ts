/** The question at the terminal whether changes are kept. */

import { shortList } from '../../collections.js';
import { UserError } from '../../diagnostic.js';
import { spanText } from '../../policy/time-span.js';
import type { Context } from '../../system/context.js';
import type { HeldSignals } from '../held-signals.js';
import { type Waiting, waitingOf } from './pending.js';

/** The pause between two looks whether changes still wait, in milliseconds. */
const LOOK = 500;

/** Units that the question names. */
const MOST_NAMED = 5;

/**
 * The end of the question. `gone`: the terminal is closed, and the deadline decides; `over`: it has passed, or the changes were
 * confirmed or undone elsewhere.
 */
export type Answer = 'keep' | 'undo' | 'gone' | 'over';

/** Whether a question can be asked: it goes to standard error. */
export async function canAsk({ caller }: Context): Promise<boolean> {
  const [input, , errors] = await caller.terminals();
  return input === true && errors === true;
}

/** Asks at the terminal whether changes stay that wait to be confirmed. */
export async function askToKeep(
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
  const typed = input.line.then((line): Answer => (line === undefined ? 'gone' : 'keep'));
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
