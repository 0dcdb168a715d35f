import { preflight } from '../../apply/restart/preflight.js';
import { EXIT, hasErrors } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Outcome } from '../../outcome.js';
import { exposureOfPlan, scoreOfPlan } from '../../plan/score/of-plan.js';
import { type Prepared, type PrepareOptions, prepare } from '../../prepare/prepare.js';
import { planJson, planText } from '../report/plan.js';
import type { ShownPlan } from '../report/plan-lines.js';
import { changeJson, changeText, openText, scoredJson } from '../report/score.js';

export interface PlanVerbOptions extends PrepareOptions {
  /** Whether what stays open is shown in the place of the policy's lines. */
  readonly summary?: boolean;
  /** Whether each call has a line of its own. */
  readonly verbose?: boolean;
}

/** Shows who enforces each line of a unit's policy; finds gaps and conflicts. Exit 1 if there are any. */
export async function plan(
  context: Context,
  [unit]: readonly string[],
  options: PlanVerbOptions,
): Promise<Outcome> {
  const prepared = await prepare(context, unit!, options);
  const { plan: made, proofs, changes, sources } = prepared;
  const change = exposureOfPlan(prepared);
  const open = options.summary ? scoreOfPlan(prepared) : undefined;
  const diagnostics = [...prepared.diagnostics, ...(await preflight(context, prepared))];
  return {
    exit: hasErrors(diagnostics) ? EXIT.findings : EXIT.ok,
    json: {
      ...planJson(made, proofs, changes),
      exposure: changeJson(change),
      ...(open ? { open: scoredJson(open) } : {}),
    },
    text: [
      options.summary
        ? ''
        : fullText(prepared, { theme: context.caller.theme, verbose: options.verbose ?? false }),
      change ? changeText(change, context.caller.theme) : '',
      open ? openText(open, context.caller.theme) : '',
    ]
      .filter((part) => part !== '')
      .join('\n'),
    diagnostics,
    sources,
  };
}

/** A table without the system calls would look like the whole. */
const fullText = ({ planned, plan, proofs, changes }: Prepared, shown: ShownPlan): string =>
  planned ? planText(plan, { proofs, changes }, shown) : '';
