/** Refused calls of a unit that `run` has made. Its policy is kept nowhere: what decides is told from the unit itself. */

import { codeOf, UserError } from '../../diagnostic.js';
import { UNKNOWN_OF_RUN } from '../../explain/diagnostic.js';
import { noRecordOf } from '../../explain/no-record.js';
import type { UnitCall } from '../../explain/records/record.js';
import type { AllowingChange, Cause } from '../../explain/refused-call.js';
import { tally } from '../../explain/tally.js';
import type { Context } from '../../machine/context.js';
import { isKilledByFilter } from '../../machine/state/failure.js';
import { launchersFilter, type RunUnit } from '../../machine/state/run-units.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { Outcome } from '../../outcome.js';
import { refusesCall } from '../../seccomp/filter/own-answers.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { bundledSets } from '../../seccomp/syscalls/sets.js';
import { createRefusers, letsCallsFail } from '../../verify/kernel/refusers.js';
import { explainLoaded, type LoadedRules } from './explain-loaded.js';

/**
 * Names the calls that a unit of `run` was refused since its start, and the filter that did it. Exit 1 if one was refused,
 * 2 if that can't be seen.
 */
export const explainRun = (
  context: Context,
  { unit, state }: RunUnit,
  { machine, verbose }: { readonly machine: Machine; readonly verbose: boolean },
): Promise<Outcome> =>
  explainLoaded(
    context,
    { name: unit, state },
    {
      ...{ machine, verbose, changesFor, ofGuess: UNKNOWN_OF_RUN },
      decide: decider(state, machine),
      unrecorded: (signs) => unrecorded(unit, state, machine, signs),
    },
  );

const unrecorded = (
  unit: string,
  state: UnitState,
  machine: Machine,
  signs: Parameters<LoadedRules['unrecorded']>[0],
) => {
  const isSilent = letsCallsFail(state) || launchersFilter(state, machine).isSilent;
  const hint = "a call that 'run' refuses without --errno ends the process, and leaves a record";
  return noRecordOf({ unit, isSilent, hint }, { killed: isKilledByFilter(state), ...signs });
};

/** Makes a function that tells which of a unit's filters decides on a call. */
function decider(state: UnitState, machine: Machine): (call: UnitCall) => Cause {
  const { program } = launchersFilter(state, machine);
  const refusers = createRefusers(state, { machine, sets: bundledSets() });
  return (seen) => {
    const { call, got } = tally(machine, [seen]);
    if (got === 'recorded') return { kind: 'recorded', what: 'it is to be recorded' };
    const { abi, name } = call;
    if (abi === undefined) return { kind: 'closed-convention', what: 'a convention that this machine lacks' };
    const directives = refusers(name, abi);
    const isOwn = directives.some((one) => OF_CALLS.includes(one));
    if (isOwn || (program && refusesCall(program, seen)))
      return { kind: 'own-filter', what: "the policy that 'run' was given" };
    const [directive] = directives;
    if (directive !== undefined) return { kind: 'directive', what: `${directive}=` };
    return { kind: 'elsewhere', what: 'another filter' };
  };
}

const OF_CALLS = ['SystemCallFilter', 'SystemCallArchitectures'];

const WHERE = 'sandbox-unit run';

/** A policy that is gone can't be edited: whoever runs the command again has to. */
function changesFor(call: string, { kind, what }: Cause): readonly AllowingChange[] {
  if (kind === 'own-filter')
    return [
      { does: `remove ${call} from --deny or add it to --allow, or do so in the policy`, where: WHERE },
    ];
  return kind === 'directive' ? [{ does: `leave out ${what}`, where: WHERE }] : [];
}

/** @throws UserError the error, which says of a unit that isn't there that it may have been one of `run` */
export function tellOfRun(cause: unknown): never {
  if (!(cause instanceof UserError) || codeOf(cause) !== 'no-unit') throw cause;
  const gone =
    "a unit of 'run' is unloaded when it ends, unless it fails; its refused calls are then unknown";
  const told = cause.diagnostics.map((one) => ({
    ...one,
    hint: one.hint === undefined ? gone : `${one.hint}; ${gone}`,
  }));
  throw new UserError(told, cause.exit, cause.sources);
}
