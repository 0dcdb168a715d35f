import { EXIT, hasErrors } from '../diagnostic.js';
import type { Outcome } from '../outcome.js';
import { type PrepareOptions, prepare } from '../prepare/prepare.js';
import { planJson, planText } from '../report/plan.js';
import { preflight } from '../restart/preflight.js';
import type { Context } from '../system/context.js';

/** Shows who enforces each line of a unit's policy; finds gaps and conflicts. Exit 1 if there are any. */
export async function plan(
  context: Context,
  [unit]: readonly string[],
  options: PrepareOptions,
): Promise<Outcome> {
  const prepared = await prepare(context, unit!, options);
  const { sources } = prepared;
  const diagnostics = [...prepared.diagnostics, ...(await preflight(context, prepared))];
  return {
    exit: hasErrors(diagnostics) ? EXIT.findings : EXIT.ok,
    json: planJson(prepared.plan, prepared.proofs, prepared.changes),
    // A table without the system calls would look like the whole.
    text: prepared.planned ? planText(prepared.plan, prepared.proofs, prepared.changes) : '',
    diagnostics,
    sources,
  };
}
