/** The calls that `[ready]` takes from a service once it serves. */

import type { Policy } from '../../policy/policy.js';
import { abisOf } from '../../seccomp/syscalls/abi.js';
import { permits } from '../../seccomp/syscalls/action.js';
import { mayPass, type NamedPolicy, type NamedVerdict } from '../../seccomp/syscalls/named-policy.js';
import { numbersOf } from '../../seccomp/syscalls/numbers.js';
import { withOwnSets } from '../../seccomp/syscalls/own-sets.js';
import { NO_FILTER, readyCalls } from '../../seccomp/syscalls/ready.js';
import { callsOf, resolveCalls, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { ReadySection, SyscallsSection } from '../../seccomp/syscalls/section.js';
import type { Target } from '../../systemd/target/target.js';
import { ownLimits } from '../calls/own-limits.js';
import type { Taken } from '../plan.js';
import type { ConfinedUnit } from '../request.js';

/** The parts of a target that decide which calls there are. */
export type CallTarget = Pick<Target, 'machine' | 'sets'>;

/** A policy's calls before and after a service serves, by their names. */
export interface ResolvedReady<T extends CallTarget = Target> {
  /** The lists of `[ready]`; an allow list has `@harmless` among them. */
  readonly section: SyscallsSection;
  /** The target, whose sets are systemd's and our own. */
  readonly target: T;
  /** In force from the start on: `[syscalls]`, and the unit's own filter. It counts as enforced, be the policy permissive. */
  readonly before: NamedPolicy;
  /** The filter for a service that serves, by itself. */
  readonly named: NamedPolicy;
  /** In force once it serves: both. */
  readonly both: NamedPolicy;
}

export function resolveReady(
  { effective, policy, target }: ConfinedUnit,
  ready: ReadySection,
): ResolvedReady {
  const inherits = policy.syscalls?.inherit?.value ?? true;
  const own = inherits ? ownLimits(effective, target.sets, target.systemd) : undefined;
  return resolveReadyWith(own, policy, ready, target);
}

/** @param own the limits of the unit's own filter; undefined where it has none, or there is no unit */
export function resolveReadyWith<T extends CallTarget>(
  own: NamedPolicy | undefined,
  { syscalls = NO_FILTER }: Policy,
  ready: ReadySection,
  target: T,
): ResolvedReady<T> {
  const before = resolveCalls({ ...syscalls, permissive: false }, target.sets, own);
  const sets = withOwnSets(target.sets);
  const section = readyCalls(ready, before.architectures);
  const enforced = { ...section, permissive: false };
  return {
    section,
    target: { ...target, sets },
    before,
    named: resolveCalls(section, sets),
    both: resolveCalls(enforced, sets, before),
  };
}

export function takenAway({ target, before, both }: ResolvedReady<CallTarget>): Taken {
  const calls = [...numbersOf(abisOf(target.machine)[0]!).keys()].sort();
  const passed = calls.filter((call) => mayPass(verdictOn(before, call)));
  const left = passed.filter((call) => mayPass(verdictOn(both, call)));
  const critical = callsOf({ name: '@critical' }, target.sets);
  return {
    taken: passed.filter((call) => !left.includes(call)),
    narrowed: left.filter((call) => refusesSome(verdictOn(both, call))),
    left,
    critical: {
      before: passed.filter((call) => critical.includes(call)),
      left: left.filter((call) => critical.includes(call)),
    },
  };
}

/** Whether `[ready]` itself refuses some arguments. */
const refusesSome = ({ rules, otherwise }: NamedVerdict): boolean =>
  [otherwise, ...rules.map(({ action }) => action.value)].some((action) => !permits(action));
