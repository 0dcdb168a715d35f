/** Notes about lines of `[service]` that wait until more was seen. */

import { type Diagnostic, note, warning } from '../../../diagnostic.js';
import { type Awaited, awaitedText } from '../../../learn/profile/checklist.js';
import type { Context } from '../../../machine/context.js';
import { ownCommand } from '../../../systemd/command-lines.js';

export interface WaitingOf {
  readonly unit: string;
  /** Names of the lines. */
  readonly waiting: readonly string[];
  readonly awaited: readonly Awaited[];
}

/** A note about lines that aren't stated. */
export function waitingNote(
  { placement: { scope } }: Context,
  { unit, waiting, awaited }: WaitingOf,
): Diagnostic[] {
  if (waiting.length === 0) return [];
  const lines =
    waiting.length === 1 ? '1 line of [service] waits' : `${waiting.length} lines of [service] wait`;
  const message = `${lines} for ${awaitedText(awaited)}`;
  const hint = `'${ownCommand(scope, 'learn --background --for 7d', unit)}' watches on, and 'learn --promote' then adds them; --now adds them at once`;
  return [note('not-stated', message, { hint })];
}

/** A warning about lines that were stated by --now. */
export function earlyWarning(awaited: readonly Awaited[], count: number): Diagnostic[] {
  const unseen = awaited.filter(({ seen }) => !seen).map(({ what }) => what);
  if (unseen.length === 0 || count === 0) return [];
  const message = `no ${unseen.map((what) => what.replace(/^a /, '')).join(' and no ')} was seen: the service fails if one needs what [service] now refuses`;
  return [warning('stated-early', message)];
}
