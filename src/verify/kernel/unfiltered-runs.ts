import { inBatches } from '../../collections.js';
import { hasErrors } from '../../diagnostic.js';
import { hasEffect } from '../../emit/changes.js';
import { preparedFor } from '../../prepare/confined.js';
import type { Prepared } from '../../prepare/prepare.js';
import { runsAsBefore } from '../../state/applied-runs.js';
import { mainPid } from '../../state/main-process.js';
import { ASKED_AT_ONCE, type Service } from '../../state/service.js';
import { runOf } from '../../state/service-run.js';
import type { Context } from '../../system/context.js';
import { notConfined } from './confinement.js';
import { readKernel } from './read-kernel.js';

/**
 * Finds the runs that don't have a unit's files as they are though times don't tell: of what the manager had read by a
 * start that nobody has seen only the filters are left. To read them stops their threads for a moment.
 */
export async function withUnfilteredRuns(context: Context, prepared: Prepared): Promise<Prepared> {
  const { changes, diagnostics, appliedRuns, unit } = prepared;
  const isMoot = hasErrors(diagnostics) || appliedRuns.files.length === 0 || hasEffect(changes);
  if (context.offline || isMoot) return prepared;
  const filters = new Map<string, 'loose' | 'unknown'>();
  await inBatches(unit.services, ASKED_AT_ONCE, async (service) => {
    const { invocation } = runOf(service.name, service.properties);
    const isSeen = (await appliedRuns.seen()).has(invocation);
    const found = isSeen ? undefined : await lookAt(context, prepared, service);
    if (found) filters.set(invocation, found);
  });
  return { ...prepared, appliedRuns: { ...appliedRuns, filters } };
}

/** Whether a main process has filters, and they are looser than its plan. */
async function lookAt(
  context: Context,
  prepared: Prepared,
  { name, properties }: Service,
): Promise<'loose' | 'unknown' | undefined> {
  const { appliedRuns } = prepared;
  const pid = mainPid(properties);
  if (pid === 0) return undefined;
  if (await runsAsBefore(context, appliedRuns, properties)) return undefined;
  const { plan } = preparedFor(prepared, name);
  if ((await notConfined(context.system, plan, properties)).length > 0) return undefined;
  const { groups, unproven } = await readKernel(context, plan, properties);
  const looser = groups.filter(({ calls, leftOver }) => calls === 'looser' && !leftOver);
  if (looser.some(({ processes }) => processes.some((one) => one.pid === pid))) return 'loose';
  return hasErrors(unproven) ? 'unknown' : undefined;
}
