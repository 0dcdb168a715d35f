/**
 * Checks the filters of threads against the policy. The kernel takes the strictest answer of all filters: a program of ours
 * anywhere among them does its part, whatever else is loaded, and it was proven before it was written. systemd makes
 * programs of its own of a policy, on which known calls are tried.
 */
import { remember, toHex } from '../../collections.js';
import { compile } from '../../filter/compile/compile.js';
import { programBytes } from '../../filter/filter-file.js';
import { withoutGuard } from '../../filter/guard.js';
import { createLooserCalls, firstOfEach } from '../../filter/sample-calls.js';
import type { Stack } from '../../filter/stack.js';
import { systemdMeaning } from '../../plan/calls/systemd-meaning.js';
import { isUp } from '../../state/service-run.js';
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { loads, type PrintedFilters } from './loaded-filters.js';
import { nameCalls } from './name-calls.js';
import type { Compared } from './thread-group.js';
import type { Measure, Planned } from './without-launcher.js';

/** A policy that filters have to enforce. */
interface Part {
  readonly policy: SyscallPolicy;
  /** Whether a program of ours is loaded for it at a start; else systemd's are. */
  readonly isOurs: boolean;
}

export type Judge = (filters: PrintedFilters, measure: Measure) => Compared;

/** @param trustsGuards whether a program of ours counts behind the launcher's guard */
export function createJudge({ plan, unit }: Planned, trustsGuards: boolean): Judge {
  const partsOf = remember((measure: Measure) => parts({ plan, unit }, measure));
  const programOf = remember((policy: SyscallPolicy) => toHex(programBytes(compile(policy))));
  const looserThan = remember(createLooserCalls);
  // The guard lets an execve through whose key is gone.
  const answering = remember((program: Stack[number]) => (trustsGuards ? withoutGuard(program) : program));
  const looserCalls = ({ policy }: Part, { stack }: PrintedFilters) =>
    looserThan(policy)(stack.map(answering));
  const isMet = (part: Part, filters: PrintedFilters): boolean =>
    (!part.isOurs && looserCalls(part, filters).length === 0) ||
    loads(filters, programOf(part.policy), trustsGuards);

  return (filters, measure) => {
    const missing = partsOf(measure).filter((part) => !isMet(part, filters));
    const looser = firstOfEach(missing.flatMap((part) => looserCalls(part, filters)));
    const calls = looser.length > 0 ? 'looser' : missing.length > 0 ? 'unknown' : 'equal';
    return { calls, differences: nameCalls(plan.target.machine, looser) };
  };
}

/** The policies that a measure stands for: once a unit serves, that of `[ready]`, too. */
function parts({ plan, unit }: Planned, measure: Measure): Part[] {
  const { meaning, filter, ready } = plan;
  if (measure === 'nothing') return [];
  if (measure === 'systemd') {
    const policy = systemdMeaning(plan);
    return policy ? [{ policy, isOurs: false }] : [];
  }
  return [
    ...(meaning ? [{ policy: meaning, isOurs: filter !== undefined }] : []),
    ...(ready && isUp(unit) ? [{ policy: ready.filter.policies[0]!, isOurs: true }] : []),
  ];
}
