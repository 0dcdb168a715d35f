/** Another way to let a call through: to extend one policy less, or not the host's defaults. */
import { shortList } from '../collections.js';
import type { Location } from '../diagnostic.js';
import type { Phase, Policy } from '../policy/policy.js';
import { ALLOW, permits } from '../seccomp/syscalls/action.js';
import { verdictOn } from '../seccomp/syscalls/resolve.js';
import { NO_SYSCALLS } from '../seccomp/syscalls/section.js';
import type { AllowingChange } from './refused-call.js';
import { type Cause, type Confinement, listsOf, named } from './refused-call.js';
import type { NamedCall } from './tally.js';

/**
 * The change that leaves out the base which refuses a call, one of `extends` or the host's defaults; undefined if no
 * such change lets the call through.
 */
export function withoutBase(
  call: NamedCall,
  cause: Cause,
  confinement: Confinement,
): AllowingChange | undefined {
  const { file } = confinement.policy;
  const phase = cause.phase ?? 'start';
  if (cause.kind !== 'denied' || cause.at === undefined || cause.at.file === file) return undefined;
  const weaker = (confinement.weaker ?? []).find(({ policy }) =>
    letsThrough(call, { ...confinement, policy }, phase),
  );
  if (!weaker) return undefined;
  // Without an allow list everything would be let through.
  const [all, left] = [confinement, weaker].map(({ policy }) => listsOf(policy, phase)?.allow);
  if (all && !left) return undefined;
  const { does, line } = weaker;
  const others = lost(confinement.policy, weaker.policy, cause.at);
  const besides = others.length > 0 ? `, and with it ${shortList(others)}` : '';
  return { does: `${does}${besides}`, where: file, line };
}

function letsThrough({ name, abi }: NamedCall, confinement: Confinement, phase: Phase): boolean {
  const meaning = named(confinement, phase);
  const { rules, otherwise, limit } = verdictOn(meaning, name);
  const isOpen = abi === confinement.machine || (abi !== undefined && meaning.architectures.includes(abi));
  return isOpen && rules.length === 0 && otherwise === ALLOW && permits(limit);
}

/** Entries of a policy that a weaker one lacks, but for one: refused calls, rules, directives. */
function lost(policy: Policy, weaker: Policy, but: Location): string[] {
  const [all, left] = [policy, weaker].map(({ syscalls = NO_SYSCALLS, ready = NO_SYSCALLS, service }) => [
    ...[...syscalls.deny, ...ready.deny].map(({ name, at }) => ({ what: name, at })),
    ...[...syscalls.rules, ...ready.rules].map(({ syscall, at }) => ({
      what: `rules on ${syscall.value}`,
      at,
    })),
    ...service.map(({ name, at }) => ({ what: `${name}=`, at })),
  ]) as [BaseLine[], BaseLine[]];
  const kept = new Set(left.map(({ at }) => at));
  return [...new Set(all.filter(({ at }) => at !== but && !kept.has(at)).map(({ what }) => what))];
}

interface BaseLine {
  readonly what: string;
  readonly at: Location;
}
