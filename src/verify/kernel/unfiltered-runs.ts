import { hasErrors } from '../../diagnostic.js';
import { hasEffect } from '../../emit/changes.js';
import { preparedFor } from '../../prepare/confined.js';
import type { Prepared } from '../../prepare/prepare.js';
import { type ComparedFilters, keepWithoutFiles } from '../../state/applied-runs.js';
import type { Service } from '../../state/service.js';
import { runOf } from '../../state/service-run.js';
import type { Context } from '../../system/context.js';
import { notConfined } from './confinement.js';
import { readKernel } from './read-kernel.js';

/**
 * Has the filters of runs compared with the plan, each once and only where nothing else tells: to read them stops the
 * service's threads for a moment. Files that are yet to change aren't those that a service was started with.
 */
export function comparingFilters(context: Context, prepared: Prepared): Prepared {
  const { changes, diagnostics, appliedRuns } = prepared;
  if (context.offline || hasErrors(diagnostics) || hasEffect(changes)) return prepared;
  const answers = new Map<string, Promise<ComparedFilters>>();
  const comparedFilters = (service: Service): Promise<ComparedFilters> => {
    const { invocation } = runOf(service.name, service.state);
    const answer = answers.get(invocation) ?? compareFilters(context, prepared, service);
    answers.set(invocation, answer);
    return answer;
  };
  return { ...prepared, appliedRuns: { ...appliedRuns, comparedFilters } };
}

/** Compares the filters of a service's main process with its plan, and keeps a run that has other filters. */
async function compareFilters(
  context: Context,
  prepared: Prepared,
  service: Service,
): Promise<ComparedFilters> {
  const { name, state } = service;
  const pid = state.mainPid;
  if (pid === 0) return 'alike';
  const { plan } = preparedFor(prepared, name);
  // A process without any filter is an error of its own.
  if ((await notConfined(context.system, plan, state)).length > 0) return 'unknown';
  const { groups, unproven } = await readKernel(context, plan, state);
  const other = groups.filter(({ calls, leftOver }) => calls !== 'equal' && !leftOver);
  if (other.some(({ processes }) => processes.some((one) => one.pid === pid))) {
    await keepWithoutFiles(context, prepared.appliedRuns.unit, [service]);
    return 'looser';
  }
  return hasErrors(unproven) ? 'unknown' : 'alike';
}
