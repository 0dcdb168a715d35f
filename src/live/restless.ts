import { type Diagnostic, warning } from '../diagnostic.js';
import type { Prepared } from '../prepare/prepare.js';
import { programsSaid } from '../state/failure.js';
import type { Context } from '../system/context.js';
import { isRestless } from './report-words.js';

/** A warning about a service whose threads came and went for so long that they got the filter of `[ready]` all the same. */
export async function loadedRestless(
  { system, placement: { scope } }: Context,
  { plan, policy: { policy } }: Prepared,
  unit: string,
): Promise<Diagnostic[]> {
  const { ready } = policy;
  if (!ready || plan.ready === undefined || !waits(plan)) return [];
  const lines = await programsSaid(system, unit, scope, await system.unit(unit), MOST_LINES);
  if (!lines.some(isRestless)) return [];
  const message = `${unit}: its threads came and went for as long as a start waits for them, and got the filter all the same`;
  const hint = 'each start waits so long: give a shorter settle, or settle = "0" for no wait';
  return [warning('restless', message, { at: (ready.settle ?? ready).at, hint })];
}

/** Lines of a service's own are more, where it says much as it starts. */
const MOST_LINES = 50;

/** Whether the start waits for threads at all. */
const waits = ({ commands, target }: Prepared['plan']): boolean =>
  commands.some(({ lines }) =>
    lines.some((line) => line.includes(target.injector) && / --settle /.test(line)),
  );
