/**
 * Checks the filters of threads against the policy. The kernel takes the strictest answer of all filters: a program of ours
 * anywhere among them does its part, whatever else is loaded, and it was proven before it was written. systemd makes
 * programs of its own of a policy, on which known calls are tried.
 */
import { remember } from '../../collections.js';
import { isUp } from '../../machine/state/service-run.js';
import type { UnitState } from '../../machine/unit-state.js';
import { withoutGuard } from '../../seccomp/filter/guard.js';
import { createPermittedCalls, firstOfEach } from '../../seccomp/filter/sample-calls.js';
import type { Stack } from '../../seccomp/filter/simulate.js';
import type { SyscallPolicy } from '../../seccomp/syscalls/policy.js';
import { resolve } from '../../seccomp/syscalls/resolve.js';
import type { ExpectedPolicy, ExpectedPrograms } from '../expected.js';
import { loads, type PrintedFilters } from './loaded-filters.js';
import { nameCalls } from './name-calls.js';
import type { Compared } from './thread-group.js';
import type { ExpectedLayer, PlannedUnit } from './without-launcher.js';

/** A policy that filters have to enforce. */
interface PolicyPart {
  readonly policy: SyscallPolicy;
  /** Whether a program of ours is loaded for it at a start; else systemd's are. */
  readonly isOurs: boolean;
  readonly program: string | undefined;
}

export type FilterCheck = (filters: PrintedFilters, layer: ExpectedLayer) => Compared;

/**
 * Whether filters have the programs of the unit's files, so that they are as the policy says; false where systemd alone
 * enforces the policy.
 * @param trustsGuards whether a program of ours counts behind the launcher's guard
 */
export const hasOwnPrograms = (
  { hasCalls, filter, isReadied, programs }: ExpectedPolicy,
  unit: UnitState,
  filters: PrintedFilters,
  trustsGuards: boolean,
): boolean =>
  (!hasCalls || (filter !== undefined && isLoaded(filters, programs.start, trustsGuards))) &&
  (!isReadied || !isUp(unit) || isLoaded(filters, programs.ready, trustsGuards));

const isLoaded = (filters: PrintedFilters, program: string | undefined, trustsGuards: boolean): boolean =>
  program !== undefined && loads(filters, program, trustsGuards);

/** @param programs those of the plan's filter files */
export function createFilterCheck(
  { plan, unit }: PlannedUnit,
  programs: ExpectedPrograms,
  trustsGuards: boolean,
): FilterCheck {
  const partsOf = remember((layer: ExpectedLayer) => parts({ plan, unit }, programs, layer));
  const looserThan = remember(createPermittedCalls);
  // The guard lets an execve through whose key is gone.
  const answering = remember((program: Stack[number]) => (trustsGuards ? withoutGuard(program) : program));
  const looserCalls = ({ policy }: PolicyPart, { stack }: PrintedFilters) =>
    looserThan(policy)(stack.map(answering));
  const isMet = (part: PolicyPart, filters: PrintedFilters): boolean =>
    part.isOurs ? isLoaded(filters, part.program, trustsGuards) : looserCalls(part, filters).length === 0;

  return (filters, layer) => {
    const missing = partsOf(layer).filter((part) => !isMet(part, filters));
    const looser = firstOfEach(missing.flatMap((part) => looserCalls(part, filters)));
    const calls = looser.length > 0 ? 'looser' : missing.length > 0 ? 'unknown' : 'equal';
    return { calls, differences: nameCalls(plan.target.machine, looser) };
  };
}

/** The policies that a layer stands for: once a unit serves, that of `[ready]`, too. */
function parts(
  { plan, unit }: PlannedUnit,
  { start, ready: readied }: ExpectedPrograms,
  layer: ExpectedLayer,
): PolicyPart[] {
  const { meaning, filter, ready } = plan;
  if (layer === 'nothing') return [];
  if (layer === 'systemd') {
    const { systemCalls, target } = plan;
    if (!systemCalls) return [];
    // It holds alone for Exec lines without the launcher.
    return [{ policy: resolve(systemCalls, target.machine), isOurs: false, program: undefined }];
  }
  return [
    ...(meaning ? [{ policy: meaning, isOurs: filter !== undefined, program: start }] : []),
    ...(ready && isUp(unit) ? [{ policy: ready.filter.policies[0]!, isOurs: true, program: readied }] : []),
  ];
}
