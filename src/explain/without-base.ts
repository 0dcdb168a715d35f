/** Another way to let a call through: to extend one policy less. */
import { shortList } from '../collections.js';
import type { Location } from '../diagnostic.js';
import type { Policy } from '../policy/policy.js';
import { ALLOW, permits } from '../syscalls/action.js';
import { verdictOn } from '../syscalls/resolve.js';
import { NO_SYSCALLS } from '../syscalls/section.js';
import type { Change } from './refused-call.js';
import { type Cause, type Ground, type NamedCall, named } from './refused-call.js';

/** What else a change takes away that one line names. */
const MOST_NAMED = 5;

/** What is taken out of `extends` to let a call through that an extended policy refuses; undefined where that isn't it. */
export function withoutBase(call: NamedCall, cause: Cause, ground: Ground): Change | undefined {
  const { file } = ground.policy;
  if (cause.kind !== 'denied' || cause.at === undefined || cause.at.file === file) return undefined;
  const lesser = (ground.lesser ?? []).find(({ policy }) => letsThrough(call, { ...ground, policy }));
  // Without an allow list everything would be let through.
  const opens = ground.policy.syscalls?.allow && !lesser?.policy.syscalls?.allow;
  if (!lesser || opens) return undefined;
  const { line } = lesser.at;
  const others = lost(ground.policy, lesser.policy, cause.at);
  const besides = others.length > 0 ? `, and with it ${shortList(others, MOST_NAMED)}` : '';
  return { does: `take "${lesser.name}" out of extends in line ${line}${besides}`, where: file, line };
}

function letsThrough({ name, abi }: NamedCall, ground: Ground): boolean {
  const meaning = named(ground);
  const { rules, otherwise, limit } = verdictOn(meaning, name);
  const isOpen = abi === ground.machine || (abi !== undefined && meaning.architectures.includes(abi));
  return isOpen && rules.length === 0 && otherwise === ALLOW && permits(limit);
}

/** What a policy says that another doesn't, but for one entry: calls that are refused, rules, directives. */
function lost(policy: Policy, lesser: Policy, but: Location): string[] {
  const [all, left] = [policy, lesser].map(({ syscalls = NO_SYSCALLS, service }) => [
    ...syscalls.deny.map(({ name, at }) => ({ what: name, at })),
    ...syscalls.rules.map(({ syscall, at }) => ({ what: `rules on ${syscall.value}`, at })),
    ...service.map(({ name, at }) => ({ what: `${name}=`, at })),
  ]) as [Entry[], Entry[]];
  const kept = new Set(left.map(({ at }) => at));
  return [...new Set(all.filter(({ at }) => at !== but && !kept.has(at)).map(({ what }) => what))];
}

interface Entry {
  readonly what: string;
  readonly at: Location;
}
