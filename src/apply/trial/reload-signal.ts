/** Services that don't survive their own reload: it sends them a signal that they don't handle. */

import { type Diagnostic, warning } from '../../diagnostic.js';
import { endOfRun } from '../../machine/state/failure.js';
import type { System } from '../../machine/system.js';
import { commandsOf, type UnitState } from '../../machine/unit-state.js';
import { CLEAN_SIGNALS, signalNumber } from '../../systemd/unit/exit-status.js';
import type { Scope } from '../../systemd/unit/search.js';

/**
 * Whether the signal of its reload has ended a service: no policy is at fault then.
 * @param run the service before the reload
 */
export async function isKilledByReload(
  system: System,
  one: { readonly unit: string; readonly scope: Scope; readonly run: UnitState },
): Promise<boolean> {
  const signal = reloadSignal(one.run);
  if (signal === undefined) return false;
  const after = await system.unit(one.unit);
  const end = await endOfRun(system, one, after);
  // A service that has ended well may be unloaded, and the journal doesn't have its end.
  if (end === undefined) return after.activeState === 'inactive' && CLEAN_SIGNALS.includes(signal);
  // CLD_KILLED (waitid(2)).
  return end.code === 2 && end.status === signal;
}

export const reloadKills = (unit: string, state: UnitState): Diagnostic =>
  warning(
    'reload-kills',
    `${unit} does not handle signal ${reloadSignal(state)}: its reload ended it, and it was started again`,
    { hint: "'reload = false' in [apply] skips the reload; 'systemctl reload' would also end it" },
  );

/** The signal that kill(1), as the only command of the reload, sends the main process; undefined for others. */
export function reloadSignal(state: UnitState): number | undefined {
  const [command, ...more] = commandsOf(state, 'ExecReload');
  if (command === undefined || more.length > 0 || !command.path.endsWith('/kill')) return undefined;
  const [option, ...rest] = command.argv.slice(1);
  const [name, target] = option === '-s' ? rest : [option?.replace(/^-/, ''), ...rest];
  return option?.startsWith('-') && target === '$MAINPID' ? signalNumber(name ?? '') : undefined;
}
