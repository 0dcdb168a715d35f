import { asWarning, type Diagnostic } from '../../diagnostic.js';
import { expectedBy } from '../../verify/expected.js';
import { readKernel } from '../../verify/kernel/enforcement.js';
import { proveDirectives } from '../../verify/process/prove-directives.js';
import {
  type AppliedUnit,
  atOnce,
  failuresOfEach,
  noting,
  preparedFor,
  type Transaction,
} from '../changed-unit.js';

/** Directives of which the manager has another value loaded: none, since `read-back` would have failed. */
const NONE: ReadonlySet<string> = new Set();

/**
 * Compares the kernel's filters of a unit's processes, and what else it shows of them, with the plan, after the probe,
 * which may have started some. What can't be read, and processes left over from before, are warnings.
 */
export const verifyServices = ({ context, signals }: Transaction) =>
  atOnce(async (unit: AppliedUnit) => {
    let { verified } = unit;
    const unproven: Diagnostic[] = [];
    const failures = await failuresOfEach(unit.now, async (name) => {
      const { plan, files } = preparedFor(unit.prepared, name);
      const expected = expectedBy(plan, files);
      const state = await context.system.unit(name);
      const found = await signals.unlessCame(() => readKernel(context, expected, state));
      const proof = await signals.unlessCame(() =>
        proveDirectives(context, { plan: expected, unit: state }, NONE, found),
      );
      // A service that has done its work has no process.
      const hidden = proof.unproven.filter(({ code }) => code !== 'not-running');
      unproven.push(...[...hidden, ...proof.surviving].map(asWarning), ...proof.open);
      const open = [...found.unproven, ...found.surviving];
      const unseen = open.filter(({ severity }) => severity === 'error');
      // A service that has done its work has no process, and without rules on calls none is read.
      if (found.groups.length === 0 && unseen.every(({ code }) => code === 'not-running')) return proof.wrong;
      const wrong = [...found.wrong, ...proof.wrong];
      verified = (verified ?? true) && unseen.length + hidden.length + wrong.length === 0;
      unproven.push(...open.map(asWarning));
      return wrong;
    });
    return { unit: { ...noting(unit, unproven), verified }, failures };
  });
