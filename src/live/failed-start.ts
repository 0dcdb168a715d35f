/** A start that has failed since what runs could not be given the filter of `[ready]`. */

import { type Diagnostic, error } from '../diagnostic.js';
import type { Prepared } from '../prepare/prepare.js';
import { failedPost, programsSaid } from '../state/failure.js';
import { abiOf } from '../syscalls/abi.js';
import { nameOf } from '../syscalls/numbers.js';
import { withOwnSets } from '../syscalls/own-sets.js';
import { entriesByCall } from '../syscalls/resolve.js';
import type { Context } from '../system/context.js';
import { threadErrors } from './findings.js';
import type { Finding } from './parse-report.js';
import { parseWords } from './report-words.js';

/**
 * Errors by which the filter of `[ready]` could not be loaded at a service's last start, at the line of the policy where it
 * is known; none where the start didn't fail by that.
 */
export async function whyNotReady(
  { system, placement: { scope } }: Context,
  { plan, policy: { policy } }: Prepared,
  unit: string,
): Promise<Diagnostic[]> {
  const { ready } = policy;
  const state = await system.unit(unit);
  if (!ready || failedPost(state)?.path !== plan.target.injector) return [];
  const { machine, sets } = plan.target;
  const { findings, others } = parseWords(await programsSaid(system, unit, scope, state, MOST_LINES));
  const denied = entriesByCall(ready.deny, withOwnSets(sets));
  const placeOf = ({ reason, numbers: [nr = 0, arch = 0] }: Finding) => {
    const id = reason === 'waits' ? abiOf(machine, arch, nr) : undefined;
    return (id && denied.get(nameOf(id.abi, id.nr) ?? '')?.at) ?? ready.at;
  };
  const told = await threadErrors({ unit, machine }, findings);
  return [
    ...told.map(({ finding, diagnostic }) => atStart(diagnostic, finding, placeOf(finding))),
    ...others.map((line) => error('not-tightened', `${unit}: ${line}`)),
  ];
}

/** The most lines that are looked at. */
const MOST_LINES = 20;

/** The error as it is true of a service that has just begun to serve. */
function atStart(found: Diagnostic, { reason }: Finding, at: Diagnostic['at']): Diagnostic {
  if (reason !== 'waits') return found;
  const hint = "it waits there while it serves: leave the call out, or give 'settle' in [ready] more time";
  return { ...found, hint, ...(at === undefined ? {} : { at }) };
}
