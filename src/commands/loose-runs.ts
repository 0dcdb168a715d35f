import { runOf } from '../apply/activate.js';
import { hasEffect } from '../apply/changes.js';
import { mainPid, notConfined } from '../apply/confinement.js';
import { inBatches } from '../collections.js';
import type { Context } from '../system/context.js';
import type { Prepared } from './prepare.js';
import { readKernel } from './read-kernel.js';
import { ASKED_AT_ONCE, type Service } from './services.js';
import { wasSeen } from './standing.js';
import { preparedFor } from './trial.js';

/**
 * Finds the runs that don't have a unit's files as they are though times don't tell: of what the manager had read by a
 * start that nobody has seen only the filters are left. Where it is written anew that says nothing.
 */
export async function withLooseRuns(context: Context, prepared: Prepared): Promise<Prepared> {
  if (context.offline || hasEffect(prepared.changes)) return prepared;
  const { services } = prepared.unit;
  const are = await inBatches(services, ASKED_AT_ONCE, (service) => isLoose(context, prepared, service));
  const loose = services.filter((_, i) => are[i]);
  const runs = loose.map(({ name, properties }) => runOf(name, properties).invocation);
  return { ...prepared, standing: { ...prepared.standing, loose: new Set(runs) } };
}

/** Whether a main process has filters, and they are looser than its plan. */
async function isLoose(
  context: Context,
  prepared: Prepared,
  { name, properties }: Service,
): Promise<boolean> {
  const pid = mainPid(properties);
  if (pid === 0 || (await wasSeen(context, prepared.standing, properties))) return false;
  const { plan } = preparedFor(prepared, name);
  if ((await notConfined(context.system, plan, properties)).length > 0) return false;
  const { groups } = await readKernel(context, plan, properties);
  const looser = groups.filter(({ calls, leftOver }) => calls === 'looser' && !leftOver);
  return looser.some(({ processes }) => processes.some((one) => one.pid === pid));
}
