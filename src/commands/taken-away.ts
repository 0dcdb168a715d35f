/** Units that were confined, and that something else than `revert` has taken all files of ours from: `systemctl revert`, say. */
import { inBatches } from '../collections.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { runsFolder } from '../emit/paths.js';
import { ownCommand } from '../plan/own-command.js';
import type { Context } from '../system/context.js';
import { isServiceName } from '../unit/name.js';
import { failureOf } from './failures.js';
import { namedUnit } from './named-unit.js';
import { ASKED_AT_ONCE } from './services.js';
import { forgetRuns } from './standing.js';

/**
 * Those of this boot that were seen to run confined, and still are there.
 * @param confined units with files of ours
 */
export async function takenAway(context: Context, confined: ReadonlySet<string>): Promise<string[]> {
  const { system, placement, offline } = context;
  if (offline) return [];
  const seen = (await system.list(runsFolder(placement))).filter(isServiceName);
  const candidates = seen.filter((unit) => !confined.has(unit)).sort();
  const are = await inBatches(
    candidates,
    ASKED_AT_ONCE,
    async (unit) => (await namedUnit(context, unit)).exists,
  );
  return candidates.filter((_, i) => are[i]);
}

export function confinesNoMore({ placement }: Context, unit: string): Diagnostic {
  const ours = (verb: string) => `'${ownCommand(placement.scope, verb, unit)}'`;
  return error('drift-files', `${unit} was confined, and its drop-in is gone`, {
    hint: `${ours('apply')} confines it again; ${ours('revert')} leaves it as it is`,
  });
}

/** It is to be as it is. */
export async function forgetTakenAway(context: Context, unit: string): Promise<void> {
  if (!context.offline) await failureOf(() => forgetRuns(context, unit));
}
