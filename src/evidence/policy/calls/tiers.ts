import { ABIS, type Abi } from '../../../syscalls/abi.js';
import { numbersOf } from '../../../syscalls/numbers.js';
import { callsOf } from '../../../syscalls/resolve.js';
import type { SyscallSets } from '../../../syscalls/sets.js';
import type { Evidence, Reachable, SeenCall } from '../input.js';
import { dangerousCalls } from './dangerous.js';
import {
  BY_THE_KERNEL,
  BY_THE_VDSO,
  FAMILIES,
  LIBRARIES_FALL_BACK,
  NOT_LOGGED_YET,
  PROGRAMS_FALL_BACK,
} from './tables.js';

/** `allow`: let through; `log`: let through and recorded; `fallback`: refused with ENOSYS; `refuse`: by the policy's action. */
export type Tier = 'allow' | 'log' | 'fallback' | 'refuse';

/** The reason why a call has its tier. */
export type TierReason =
  | 'seen'
  | 'kernel'
  | 'vdso'
  | 'family'
  | 'reachable'
  | 'refused-before'
  | 'falls-back'
  | 'dangerous';

export interface SortedCall {
  readonly name: string;
  readonly tier: Tier;
  readonly reason: TierReason;
  /** A sentence's end that says by what the tier is proved. */
  readonly evidence: string;
}

const NO_SYS = 38;

/**
 * Sorts calls into tiers. Calls that none of the ABIs has, and that are refused as any other, are left out.
 * @param hidden calls that were seen and get ENOSYS nonetheless: their arguments are in memory, where no filter looks
 */
export function sortCalls(
  { calls, refused, architecture }: Pick<Evidence, 'calls' | 'refused' | 'architecture'>,
  reachable: Reachable,
  sets: SyscallSets,
  hidden: ReadonlySet<string> = new Set(),
): SortedCall[] {
  const abis = abisSeen(architecture, calls);
  const isHere = (name: string) => abis.some((abi) => numbersOf(abi).has(name));
  const sorted = new Map<string, SortedCall>();
  const add = (
    tier: Tier,
    reason: TierReason,
    names: Iterable<string>,
    evidence: (name: string) => string,
  ) => {
    for (const name of names) {
      if (!sorted.has(name) && isHere(name)) {
        sorted.set(name, { name, tier, reason, evidence: evidence(name) });
      }
    }
  };
  const seen = new Set(calls.map(({ name }) => name));
  const turnedDown = new Set(refused.map(({ name }) => name));
  const missing = refused.filter(({ answer }) => answer === NO_SYS).map(({ name }) => name);
  const asked = reachable === 'unknown' ? callsOf({ name: '@system-service' }, sets) : [...reachable];
  const reached = asked.filter((name) => !NOT_LOGGED_YET.includes(name));
  const why = reachable === 'unknown' ? 'in @system-service, and not seen' : 'reachable, and not seen';
  const hiddenSeen = [...hidden].filter((name) => seen.has(name));
  add(
    'fallback',
    'falls-back',
    hiddenSeen,
    () => 'seen; its arguments are in memory, and libraries fall back from it',
  );
  add('allow', 'seen', seen, (name) => madeBy(calls.filter((call) => call.name === name)));
  add('allow', 'kernel', BY_THE_KERNEL, () => 'made by the kernel itself, or at the end of any process');
  add('allow', 'vdso', BY_THE_VDSO, () => 'made where the vDSO or a lock needs the kernel');
  add('fallback', 'falls-back', LIBRARIES_FALL_BACK, () => 'not seen; libraries fall back from it');
  add('fallback', 'falls-back', missing, () => 'a filter answered ENOSYS while it was watched');
  for (const family of FAMILIES) {
    const member = family.seen.find((name) => seen.has(name));
    if (member !== undefined) add('allow', 'family', family.adds, () => `as ${member}: ${family.reason}`);
  }
  const dangerous = dangerousCalls(sets);
  const ofThese = new Set([...reached, ...turnedDown]);
  add(
    'refuse',
    'dangerous',
    [...ofThese].filter((name) => dangerous.has(name)),
    () => `${why}; it is dangerous`,
  );
  add('log', 'refused-before', turnedDown, () => 'a filter refused it while it was watched');
  add('log', 'reachable', reached, () => why);
  add('fallback', 'falls-back', PROGRAMS_FALL_BACK, () => 'not seen; programs do without it');
  return [...sorted.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The ABIs of calls that were seen, the native one first. */
export function abisSeen(native: string, calls: readonly SeenCall[]): Abi[] {
  const names = new Set([native, ...calls.map(({ architecture }) => architecture)]);
  return [...names].filter((name): name is Abi => Object.hasOwn(ABIS, name));
}

/** How often a call was made, and when. */
function madeBy(calls: readonly SeenCall[]): string {
  const count = calls.reduce((sum, call) => sum + call.count, 0);
  const phases = [...new Set(calls.flatMap((call) => Object.keys(call.phases)))];
  return `made ${count} times${phases.length > 0 ? ` (${phases.join(', ')})` : ''}`;
}
