/** Tells without a plan that a unit stays as it is. */
import { asWritten } from '../../prepare/as-written.js';
import type { Gathered } from '../../prepare/gather.js';
import { untrustedStarts } from '../../prepare/untrusted-launch.js';
import { preflight } from '../../restart/preflight.js';
import { appliedRunsOf, runsAsBefore } from '../../state/applied-runs.js';
import { failedService } from '../../state/failed-service.js';
import type { Context } from '../../system/context.js';
import { mainByFiles } from '../../verify/expected.js';
import { notConfined } from '../../verify/kernel/confinement.js';
import { notInForce } from '../../verify/manager/in-force.js';
import type { NotChanged } from '../unit-result.js';

/**
 * A unit whose files are as its policy makes them and in force, of which only that is to be said. Undefined for any other:
 * a plan tells what has to be done and said.
 * @param restart false where a service would be left as it runs
 */
export async function stayingUnit(
  context: Context,
  gathered: Gathered,
  restart: boolean,
): Promise<NotChanged | undefined> {
  const { name, services } = gathered.unit;
  const written = services.length > 0 ? await asWritten(context, gathered) : undefined;
  if (!written || written.facts.permissive) return undefined;
  const { files, facts, target, diagnostics } = written;
  const appliedRuns = appliedRunsOf(name.full, files);
  const prepared = { ...gathered, files, changes: [], appliedRuns };
  const said = [
    ...(await preflight(context, prepared, { restart })),
    ...(await untrustedStarts(context, prepared, target)),
    ...notInForce(context, { ...prepared, plan: { unit: name.full, target } }, gathered.unit),
  ];
  if (said.length > 0) return undefined;
  const main = mainByFiles(name.full, facts, files);
  const { syscalls, ready } = gathered.policy.policy;
  const under = { scope: target.scope, appliedRuns, refuses: (syscalls ?? ready) !== undefined };
  for (const service of services) {
    if (failedService(service, under).length > 0) return undefined;
    if (await runsAsBefore(context, appliedRuns, service)) return undefined;
    const held = { ...main, unit: service.name };
    if ((await notConfined(context.system, held, service.state)).length > 0) return undefined;
  }
  return { unit: name.full, state: 'unchanged', changes: [], diagnostics, services };
}
