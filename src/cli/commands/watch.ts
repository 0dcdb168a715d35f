import { eventText, Repetitions, writeEntry } from '../../explain/refusals/journal.js';
import { watchRefusals } from '../../explain/refusals/watch.js';
import type { Context } from '../../machine/context.js';
import { holdSignals } from '../../machine/held-signals.js';
import { type Outcome, printed } from '../../outcome.js';

/**
 * Reports what is refused to confined units, until a signal ends it: to the journal as a service, else to the terminal.
 * @throws UserError `needs-root`, `cannot-watch`, `no-unit`
 */
export async function watch(context: Context, units: readonly string[]): Promise<Outcome> {
  const { caller, system } = context;
  const isService = caller.environment.JOURNAL_STREAM !== undefined;
  const signals = holdSignals(context);
  const repetitions = new Repetitions();
  try {
    await watchRefusals(context, units, {
      signals,
      ready: async () => {
        if (caller.environment.NOTIFY_SOCKET !== undefined) await system.run(['systemd-notify', '--ready']);
      },
      report: async (events) => {
        for (const event of repetitions.due(events, system.now())) {
          if (isService) await writeEntry(context, event);
          else caller.tell(eventText(event));
        }
      },
    });
  } finally {
    signals.release();
  }
  return printed('');
}
