/** Refused calls of a unit without a policy: what decides is told from the unit as it is loaded. */

import { type Diagnostic, EXIT, hasErrors } from '../../diagnostic.js';
import { recordedCalls, SUPPRESSED, UNREADABLE } from '../../explain/explain-unit.js';
import { type Explanation, isFinding, processesOf, withoutFallbacks } from '../../explain/explanation.js';
import { opens } from '../../explain/opens.js';
import { together } from '../../explain/records/observed.js';
import type { UnitCall } from '../../explain/records/record.js';
import { startOf } from '../../explain/records/start-of.js';
import type { AllowingChange, Cause } from '../../explain/refused-call.js';
import { observedRefusals, programsOf } from '../../explain/refused-since-start.js';
import { alike, tally } from '../../explain/tally.js';
import type { Context } from '../../machine/context.js';
import type { Service } from '../../machine/state/service.js';
import type { Outcome } from '../../outcome.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { bundledSets } from '../../seccomp/syscalls/sets.js';
import { explanationsText } from '../report/explain.js';
import { explanationsJson } from '../report/explanations-json.js';

/** Knowledge of the filters of a unit without a policy. */
export interface LoadedRules {
  readonly machine: Machine;
  readonly verbose: boolean;
  /** The filter or directive that decides on a call. */
  readonly decide: (call: UnitCall) => Cause;
  /** Changes that would let a call through; asked for only where it is known whose the call is. */
  readonly changesFor: (call: string, cause: Cause) => readonly AllowingChange[];
  /** The reason why no call may be on record, or not all. */
  readonly unrecorded: (signs: { readonly found: boolean }) => readonly Diagnostic[];
  /** Why nothing is proposed for a guess, where that isn't the usual reason. */
  readonly ofGuess?: string;
}

/** Names the calls that a unit was refused since its start. Exit 1 if one was refused, 2 if that can't be seen. */
export async function explainLoaded(
  context: Context,
  { name: unit, state }: Service,
  { machine, verbose, decide, changesFor, unrecorded, ofGuess }: LoadedRules,
): Promise<Outcome> {
  const since = startOf(state);
  const observed = await observedRefusals(context, serviceName(unit), since);
  const logged = await recordedCalls(context, unit, { state, since, programs: programsOf(state) });
  const { explanations, fallbacks } = withoutFallbacks(
    alike(together(observed.calls, logged.calls)).map((same) =>
      explained(machine, same, decide(same[0]!), changesFor),
    ),
  );
  const readable = logged.readable || observed.calls.length > 0;
  const diagnostics = [
    ...(logged.suppressed ? [SUPPRESSED] : []),
    ...observed.diagnostics,
    ...(readable ? [] : [UNREADABLE]),
    ...(readable ? unrecorded({ found: explanations.length > 0 }) : []),
  ];
  const { scope } = context.placement;
  const sources = new Map<string, string>();
  const { theme } = context.caller;
  const shown = {
    ...{ sources, machine, theme, verbose, fallbacks, since, further: { scope, words: [] } },
    ...(ofGuess === undefined ? {} : { ofGuess }),
  };
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

function explained(
  machine: Machine,
  same: readonly UnitCall[],
  cause: Cause,
  changesFor: LoadedRules['changesFor'],
): Explanation {
  const told = tally(machine, same);
  const changes = told.certain ? changesFor(told.call.name, cause) : [];
  const gains = changes.length > 0 ? opens(told.call.name, bundledSets()) : undefined;
  return { ...told, processes: processesOf(same), cause, changes, instead: undefined, opens: gains };
}
