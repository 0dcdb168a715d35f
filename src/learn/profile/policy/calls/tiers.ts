import { isSurelyRefused } from '../../../../observe/recording/kinds.js';
import { ABIS, type Abi } from '../../../../seccomp/syscalls/abi.js';
import { LIBRARIES_FALL_BACK, PROGRAMS_FALL_BACK } from '../../../../seccomp/syscalls/fall-back.js';
import { numbersOf } from '../../../../seccomp/syscalls/numbers.js';
import { withOwnSets } from '../../../../seccomp/syscalls/own-sets.js';
import { callsOf } from '../../../../seccomp/syscalls/resolve.js';
import { bundledSets, type SyscallSets } from '../../../../seccomp/syscalls/sets.js';
import type { ProfilePart, ReachableCalls, SeenCall } from '../input.js';
import { BY_THE_KERNEL, BY_THE_VDSO, FAMILIES, NEVER_LOGGED, NOT_LOGGED_YET } from './tables.js';

/** `allow`: let through; `log`: let through and logged; `fallback`: refused with ENOSYS; `refuse`: by the policy's action. */
export type Tier = 'allow' | 'log' | 'fallback' | 'refuse';

/** The reason why a call has its tier. */
export type TierReason =
  | 'seen'
  | 'work'
  | 'kernel'
  | 'vdso'
  | 'family'
  | 'harmless'
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

/** Facts beside the calls that were seen. */
export interface CallFacts {
  readonly reachable: ReachableCalls;
  readonly sets: SyscallSets;
  /** Calls that were seen and get ENOSYS nonetheless: their arguments are in memory, where no filter looks. */
  readonly hidden?: ReadonlySet<string>;
  /** Whether the unit's own filter, or a directive's, refuses a call: unless it was seen, it is left out. */
  readonly isRefusedByUnit?: (call: string) => boolean;
  /** Whether the unit's work is to start programs, be it seen or not. */
  readonly startsPrograms?: boolean;
}

/** Calls that get a tier, unless an earlier step has given them one. */
interface TierStep {
  readonly tier: Tier;
  readonly reason: TierReason;
  readonly names: Iterable<string>;
  readonly evidence: (name: string) => string;
}

type RecordedCalls = Pick<ProfilePart, 'calls' | 'refused' | 'architecture' | 'lost'>;

/** Sorts calls into tiers. Calls that none of the ABIs has, and that are refused as any other, are left out. */
export function sortCalls(seen: RecordedCalls, known: CallFacts): SortedCall[] {
  const abis = abisSeen(seen.architecture, seen.calls);
  const isHere = (name: string) => abis.some((abi) => numbersOf(abi).has(name));
  const isLeft = ({ tier, reason }: TierStep, name: string) =>
    ['allow', 'log'].includes(tier) && reason !== 'seen' && known.isRefusedByUnit?.(name);
  const sorted = new Map<string, SortedCall>();
  for (const step of [...seenSteps(seen, known), ...unseenSteps(seen, known)]) {
    const { tier, reason, names, evidence } = step;
    for (const name of names) {
      if (sorted.has(name) || !isHere(name) || isLeft(step, name)) continue;
      sorted.set(name, { name, tier, reason, evidence: evidence(name) });
    }
  }
  return [...sorted.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const step = (tier: Tier, reason: TierReason, names: Iterable<string>, why: string): TierStep => ({
  tier,
  reason,
  names,
  evidence: () => why,
});

const NO_SYS = 38;

/** Calls that were seen, and those that go with them: of the kernel, and of the families. */
function seenSteps(
  { calls, refused, lost }: RecordedCalls,
  { hidden = new Set(), startsPrograms = false }: CallFacts,
): TierStep[] {
  const seen = new Set(calls.map(({ name }) => name));
  // A kernel without the call, or one of its options, answers so, too.
  const answered = isSurelyRefused(lost) ? refused.filter(({ answer }) => answer === NO_SYS) : [];
  const inMemory = 'seen; a filter can not check its arguments, and libraries can do without it';
  const families = FAMILIES.flatMap(({ seen: members, adds, reason }) => {
    const member = members.find((name) => seen.has(name));
    return member === undefined ? [] : [step('allow', 'family', adds, `goes with ${member}: ${reason}`)];
  });
  return [
    step(
      'fallback',
      'falls-back',
      [...hidden].filter((name) => seen.has(name)),
      inMemory,
    ),
    {
      ...step('allow', 'seen', seen, ''),
      evidence: (name) => madeBy(calls.filter((call) => call.name === name)),
    },
    step('allow', 'work', startsPrograms ? ['execve'] : [], 'starting programs is the work of this unit'),
    step('allow', 'kernel', BY_THE_KERNEL, 'made by the kernel itself, or when a process exits'),
    step('allow', 'vdso', BY_THE_VDSO, 'made when the vDSO or a lock needs the kernel'),
    step('fallback', 'falls-back', LIBRARIES_FALL_BACK, 'not seen; libraries can do without it'),
    step(
      'fallback',
      'falls-back',
      answered.map(({ name }) => name),
      'a filter answered ENOSYS during the watch',
    ),
    ...families,
  ];
}

/** Calls that were refused or are reachable, and newer ones. */
function unseenSteps({ refused, lost }: RecordedCalls, { reachable, sets }: CallFacts): TierStep[] {
  const asked = reachable === 'unknown' ? callsOf({ name: '@system-service' }, sets) : [...reachable];
  const reached = asked.filter((name) => !NOT_LOGGED_YET.includes(name));
  const why = reachable === 'unknown' ? 'in @system-service but not seen' : 'reachable but not seen';
  const turnedDown = refused.map(({ name }) => name);
  const dangerous = dangerousCalls(sets);
  const harmless = new Set(callsOf({ name: '@harmless' }, withOwnSets(sets)));
  const [reachedNow, refusedNow] = [reached, turnedDown].map((names) =>
    names.filter((name) => dangerous.has(name)),
  );
  const before = `a filter ${isSurelyRefused(lost) ? 'refused' : 'may have refused'} it during the watch`;
  return [
    step('refuse', 'dangerous', refusedNow!, `${before}; it is dangerous`),
    step('refuse', 'dangerous', reachedNow!, `${why}; it is dangerous`),
    step('log', 'refused-before', turnedDown, before),
    step(
      'allow',
      'harmless',
      reached.filter((name) => harmless.has(name)),
      `${why}; it is harmless`,
    ),
    step('log', 'reachable', reached, why),
    step('fallback', 'falls-back', PROGRAMS_FALL_BACK, 'not seen; programs can do without it'),
  ];
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
  return `made ${count === 1 ? 'once' : `${count} times`}${phases.length > 0 ? ` (${phases.join(', ')})` : ''}`;
}

/** The calls that an attacker wants first: those of the target's sets, and of newer ones, which have more. */
export const dangerousCalls = (sets: SyscallSets): ReadonlySet<string> =>
  new Set(NEVER_LOGGED.flatMap((name) => [...callsOf({ name }, sets), ...callsOf({ name }, bundledSets())]));

/** Those that are allowed all the same, since they were seen. */
export function dangerousSeen(
  calls: readonly { readonly name: string; readonly tier: string }[],
  sets: SyscallSets,
): string[] {
  const dangerous = dangerousCalls(sets);
  return calls.filter(({ name, tier }) => tier === 'allow' && dangerous.has(name)).map(({ name }) => name);
}
