/** Refused calls of a service without a policy, whose processes `tighten` has given a filter. */

import { byTighten } from '../../explain/cause.js';
import { noRecordOf, watchCommand } from '../../explain/no-record.js';
import type { UnitCall } from '../../explain/records/record.js';
import type { Cause } from '../../explain/refused-call.js';
import { tally } from '../../explain/tally.js';
import type { Context } from '../../machine/context.js';
import { isKilledByFilter } from '../../machine/state/failure.js';
import { deniedBy, injectionsOf } from '../../machine/state/injections.js';
import type { Outcome } from '../../outcome.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { bundledSets } from '../../seccomp/syscalls/sets.js';
import { untilRestartOf } from '../../verify/drift/injected.js';
import { createRefusers } from '../../verify/kernel/refusers.js';
import { explainLoaded } from './explain-loaded.js';

/**
 * Names the calls that a tightened service was refused since its start. Exit 1 if one was refused, 2 if that can't be seen.
 * @returns undefined where `tighten` refuses nothing to what runs of it
 */
export async function explainTightened(
  context: Context,
  text: string,
  { machine, verbose }: { readonly machine: Machine; readonly verbose: boolean },
): Promise<Outcome | undefined> {
  const [service, ...others] = (await namedUnit(context, text)).services;
  if (service === undefined || others.length > 0) return undefined;
  const { name, state } = service;
  const entries = deniedBy(await injectionsOf(context, service));
  if (entries.length === 0) return undefined;
  const outcome = await explainLoaded(context, service, {
    ...{ machine, verbose, changesFor: () => [] },
    decide: decider(machine, entries, createRefusers(state, { machine, sets: bundledSets() })),
    unrecorded: (signs) =>
      noRecordOf(
        {
          unit: name,
          isSilent: !entries.every((entry) => entry.endsWith(':kill')),
          hint: `'${watchCommand(context.placement.scope, name)}' shows such calls as they are refused`,
        },
        { killed: isKilledByFilter(state), ...signs },
      ),
  });
  return {
    ...outcome,
    diagnostics: [...outcome.diagnostics, ...(await untilRestartOf(context, [service]))],
  };
}

/** Makes a function that tells what decides on a call. */
const decider =
  (machine: Machine, entries: readonly string[], refusers: ReturnType<typeof createRefusers>) =>
  (seen: UnitCall): Cause => {
    const { call, got } = tally(machine, [seen]);
    if (got === 'recorded') return { kind: 'recorded', what: 'it is to be recorded' };
    const [directive] = call.abi === undefined ? [] : refusers(call.name, call.abi);
    if (directive !== undefined) return { kind: 'directive', what: `${directive}=` };
    return byTighten(call, entries, bundledSets()) ?? { kind: 'elsewhere', what: 'another filter' };
  };
