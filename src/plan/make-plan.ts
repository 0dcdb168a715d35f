import type { Diagnostic } from '../diagnostic.js';
import { findDirective } from '../systemd/directives/table.js';
import { traitsOf } from './access-units.js';
import { assumptions } from './assumptions.js';
import { NO_CALLS, planCalls } from './calls/calls.js';
import { permissiveNote } from './calls/permissive.js';
import { writableByLists } from './ineffective/by-exec-lists.js';
import { overridden, shadowed } from './ineffective/by-later-drop-ins.js';
import { renamable } from './ineffective/by-renaming.js';
import { unsandboxedKeys } from './launcher/commands.js';
import { prefixGaps } from './launcher/exec-prefix.js';
import { lockOuts, sessionsInherit } from './lock-outs.js';
import { jointMode, type Plan, type PlannedDirective } from './plan.js';
import { programNeeds } from './program-needs.js';
import { typeWith } from './ready/injector.js';
import { planReady } from './ready/ready.js';
import type { PlanRequest } from './request.js';
import { keptDevices, planService } from './service.js';
import { withStartPre } from './start-pre.js';
import { plannedValues } from './unit-values.js';

interface Decided {
  /** The diagnostics are gaps, and errors in what is planned. */
  readonly plan: Plan;
  /**
   * Effects of the plan on the unit and its programs, for the reader of a policy that isn't in force yet. Where it is, the unit
   * itself shows them.
   */
  readonly advice: () => readonly Diagnostic[];
}

/**
 * Decides who enforces each line of a policy on a unit: systemd all that it truly can in its version, the launcher the
 * rest. A launcher loads the whole policy as one filter. A line that nothing enforces is a gap: an error whose code
 * begins with `gap-`.
 */
export function decide(given: PlanRequest): Decided {
  const request = asStarted(given);
  const { unit, effective, policy, target } = request;
  const service = planService(request);
  const calls =
    request.usable && policy.syscalls ? planCalls(request, policy.syscalls, service.directives) : NO_CALLS;
  const { launcher } = calls;
  const directives = [
    ...calls.directives,
    ...service.directives,
    // No file adds to a transient unit later.
    ...(request.places ? keptDevices(request, service.directives) : []),
    ...(launcher?.directives ?? []),
  ];
  const readied = planReady(request, launcher?.commands ?? [], directives);
  directives.push(...readied.directives);
  const { commands, diagnostics } = withStartPre(request, readied.commands);
  const plan: Plan = {
    unit: unit.full,
    policyFile: policy.file,
    isAccess: request.places !== undefined && traitsOf(request).has('access'),
    mode: policy.lifted ? 'permissive' : jointMode(policy.syscalls ? calls.mode : undefined, readied.mode),
    target,
    lines: [...calls.lines, ...readied.lines, ...service.lines],
    // Only [service] has directives that may be fatal.
    directives: policy.service.length > 0 ? directives.sort(fatalLast) : directives,
    commands,
    without: launcher?.without ?? (calls === NO_CALLS ? [] : unsandboxedKeys(effective)),
    filterFile: request.places?.filterFile,
    filter: calls.filter,
    ready: readied.ready,
    systemCalls: calls.systemCalls,
    get meaning() {
      return calls.meaning();
    },
    diagnostics: [
      ...effective.diagnostics,
      ...service.diagnostics,
      ...calls.diagnostics,
      ...readied.diagnostics,
      ...(policy.lifted && !policy.syscalls && !policy.ready ? [permissiveNote(request)] : []),
      ...diagnostics,
      ...prefixGaps(policy, effective, calls.diagnostics),
      ...overridden(effective, request.places?.dropIn, { directives, commands }),
      ...shadowed(effective, request.places?.dropIn, { directives, commands }),
    ],
  };
  const stated = plannedValues(effective, service.directives);
  const all = plannedValues(effective, directives);
  const advice = () => [
    ...assumptions(target, service.directives, calls.systemCalls !== undefined),
    ...(policy.service.length > 0 ? [...writableByLists(request, all), ...renamable(request, stated)] : []),
    ...programNeeds(request, all, calls),
    ...calls.advice(),
    ...(request.places ? [...lockOuts(request, calls.meaning()), ...sessionsInherit(request)] : []),
  ];
  return { plan, advice };
}

/** The request with the type that `[ready]` gives the unit: what systemd's filters let through hangs on it. */
const asStarted = (request: PlanRequest): PlanRequest => {
  const { ready } = request.policy;
  return ready ? { ...request, type: typeWith(request.effective, ready) } : request;
};

/** Sorts fatal directives last: where systemd can't take their value, the rest of the file is lost. */
const fatalLast = (a: PlannedDirective, b: PlannedDirective): number =>
  Number(isFatal(a)) - Number(isFatal(b));

const isFatal = ({ name }: PlannedDirective): boolean => findDirective(name)?.fatal === true;
