import { hasErrors, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { UnitState } from '../../machine/unit-state.js';
import { nativeProgram } from '../../prepare/load/installed-programs.js';
import type { ExpectedPolicy } from '../expected.js';
import { type Enforcement, enforcement, NO_ENFORCEMENT, provenWithout } from './enforcement.js';

/** The enforcement of a unit's files by the kernel's filters. Errors of the reader leave it unproven, and nothing else. */
export async function readKernel(
  context: Context,
  plan: ExpectedPolicy,
  state: UnitState,
): Promise<Enforcement> {
  try {
    const found = await context.caller.during(`${plan.unit}: reading the filters of its processes`, () =>
      enforcement(context.system, plan, state, () => nativeProgram(context, 'read-filters')),
    );
    return hasErrors(found.unproven)
      ? { ...found, unproven: [...found.unproven, provenWithout(plan.unit)] }
      : found;
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { ...NO_ENFORCEMENT, unproven: [...cause.diagnostics, provenWithout(plan.unit)] };
  }
}
