import { isOutdated, restartDue, restartObstacle } from '../apply/activate.js';
import { isPending } from '../apply/changes.js';
import { notConfined } from '../apply/confinement.js';
import type { Enforcement } from '../apply/enforcement.js';
import { readBack } from '../apply/read-back.js';
import { type Diagnostic, EXIT, error, hasErrors } from '../diagnostic.js';
import { dropInPath } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import type { Outcome } from './outcome.js';
import { type Prepared, type PrepareOptions, prepare } from './prepare.js';
import { readKernel } from './read-kernel.js';
import { enforcementText, groupsJson } from './verify-report.js';

/**
 * Holds what is in force for a unit against its policy: its files, what the manager has loaded, and for every thread of
 * it what the kernel's own filters do with every call. Exit 1 if anything isn't as the policy says, 2 if that can't be
 * seen.
 */
export async function verify(
  context: Context,
  [unit]: readonly string[],
  options: PrepareOptions,
): Promise<Outcome> {
  const prepared = await prepare(context, unit!, options);
  const { plan, sources } = prepared;
  if (hasErrors(prepared.diagnostics)) return outcome(prepared, EXIT.findings, NOTHING, []);
  const properties = prepared.unit.properties!;
  const loaded = [
    ...notWritten(prepared),
    ...readBack(plan, dropInPath(context.placement, plan.unit), properties),
    ...notRestarted(prepared, properties),
  ];
  const main = await notConfined(context.system, plan, properties);
  const kernel = await readKernel(context, plan, properties);
  const wrong = [...loaded, ...main, ...kernel.wrong];
  const exit = wrong.length > 0 ? EXIT.findings : hasErrors(kernel.unproven) ? EXIT.failure : EXIT.ok;
  return {
    ...outcome(prepared, exit, kernel, loaded),
    sources,
    diagnostics: [...prepared.diagnostics, ...wrong, ...kernel.unproven],
  };
}

const NOTHING: Enforcement = { groups: [], wrong: [], unproven: [] };

function outcome(
  { plan, diagnostics, sources }: Prepared,
  exit: number,
  { groups }: Enforcement,
  loaded: readonly Diagnostic[],
): Outcome {
  const json = {
    unit: plan.unit,
    policy: plan.policyFile,
    enforced: exit === EXIT.ok,
    loaded: loaded.length === 0,
  };
  return {
    exit,
    json: { ...json, groups: groupsJson(groups) },
    text: enforcementText(plan, exit, groups),
    diagnostics,
    sources,
  };
}

function notWritten({ plan, changes }: Prepared): Diagnostic[] {
  if (!isPending(changes)) return [];
  const paths = changes.filter(({ kind }) => kind !== 'unchanged').map(({ path }) => path);
  const hint = `sandbox-unit apply --check --diff ${plan.unit}`;
  return [error('not-applied', `not as the policy says: ${paths.join(', ')}`, { hint })];
}

function notRestarted({ plan, written }: Prepared, properties: UnitProperties): Diagnostic[] {
  if (!isOutdated(properties, written)) return [];
  return [{ ...restartDue(plan.unit, restartObstacle(properties)), severity: 'error' }];
}
