/** Refused calls of a unit that `run` has made. Its policy is kept nowhere: what decides is told from the unit itself. */

import { EXIT, hasErrors } from '../diagnostic.js';
import { UNKNOWN_OF_RUN } from '../explain/diagnostic.js';
import { SUPPRESSED, UNREADABLE } from '../explain/explain-unit.js';
import { type Explanation, isFinding, processesOf } from '../explain/explanation.js';
import { noRecordOf } from '../explain/no-record.js';
import { opens } from '../explain/opens.js';
import { together } from '../explain/records/observed.js';
import type { UnitCall } from '../explain/records/record.js';
import { refusedCalls } from '../explain/records/refused-calls.js';
import { startOf } from '../explain/records/start-of.js';
import { userManager } from '../explain/records/user-manager.js';
import type { Cause, Change } from '../explain/refused-call.js';
import { alike, tally } from '../explain/tally.js';
import { refusesCall } from '../filter/own-answers.js';
import { observedRefusals } from '../learn/observed-refusals.js';
import { programsOf } from '../learn/refused-since-start.js';
import type { Outcome } from '../outcome.js';
import { serviceName } from '../prepare/load/load-unit.js';
import { explanationsJson, explanationsText } from '../report/explain.js';
import { isKilledByFilter } from '../state/failure.js';
import { launchersFilter, type RunUnit } from '../state/run-units.js';
import type { Machine } from '../syscalls/abi.js';
import { bundledSets } from '../syscalls/sets.js';
import type { Context } from '../system/context.js';
import type { UnitState } from '../system/unit-state.js';
import { createRefusers, letsCallsFail } from '../verify/kernel/refusers.js';

/**
 * Names the calls that a unit of `run` was refused since its start, and the filter that did it. Exit 1 if one was refused,
 * 2 if that can't be seen.
 */
export async function explainRun(
  context: Context,
  { unit, state }: RunUnit,
  { machine, verbose }: { readonly machine: Machine; readonly verbose: boolean },
): Promise<Outcome> {
  const since = startOf(state);
  const manager = userManager(context);
  const observed = await observedRefusals(context, serviceName(unit), since);
  const logged = await context.caller.tellIfLong(`${unit}: reading the records of refused calls …`, () =>
    refusedCalls(context.system, { ...{ unit, manager, state, since }, programs: programsOf(state) }),
  );
  const decide = decider(state, machine);
  const explanations = alike(together(observed.calls, logged.calls)).map((same) =>
    explained(machine, same, decide(same[0]!)),
  );
  const readable = logged.readable || observed.calls.length > 0;
  const diagnostics = [
    ...(logged.suppressed ? [SUPPRESSED] : []),
    ...observed.diagnostics,
    ...(readable ? [] : [UNREADABLE]),
    ...(readable && explanations.length === 0 ? [unrecorded(unit, state, machine, logged.suppressed)] : []),
  ];
  const { scope } = context.placement;
  const further = { scope, words: [] };
  const sources = new Map<string, string>();
  const { look } = context.caller;
  const shown = { sources, machine, look, verbose, further, ofGuess: UNKNOWN_OF_RUN };
  const found = explanations.some(isFinding);
  return {
    exit: found ? EXIT.findings : hasErrors(diagnostics) ? EXIT.failure : EXIT.ok,
    json: {
      unit,
      policy: null,
      since: new Date(since).toISOString(),
      refusals: explanationsJson(explanations),
      allow: [],
    },
    text: readable ? explanationsText(unit, explanations, shown) : '',
    diagnostics,
    sources,
  };
}

const unrecorded = (unit: string, state: UnitState, machine: Machine, suppressed: boolean) => {
  const isSilent = letsCallsFail(state) || launchersFilter(state, machine).isSilent;
  const silent = isSilent ? 'a filter of it lets them fail with an errno' : undefined;
  const hint = "a call that 'run' refuses without --errno ends the process, and leaves a record";
  return noRecordOf({ unit, silent, hint }, { killed: isKilledByFilter(state), suppressed });
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

function explained(machine: Machine, same: readonly UnitCall[], cause: Cause): Explanation {
  const told = tally(machine, same);
  const changes = told.certain ? changesFor(told.call.name, cause) : [];
  const gains = changes.length > 0 ? opens(told.call.name, bundledSets()) : undefined;
  return { ...told, processes: processesOf(same), cause, changes, instead: undefined, opens: gains };
}

const WHERE = 'sandbox-unit run';

/** A policy that is gone can't be edited: whoever runs the command again has to. */
function changesFor(call: string, { kind, what }: Cause): readonly Change[] {
  if (kind === 'own-filter')
    return [{ does: `take ${call} out of --deny or add it to --allow, as in its policy`, where: WHERE }];
  return kind === 'directive' ? [{ does: `leave out ${what}`, where: WHERE }] : [];
}
