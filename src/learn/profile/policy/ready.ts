/** `[ready]` of a learned policy: calls that are taken from a service once it serves. */

import { shortList } from '../../../collections.js';
import type { LifePhase } from '../../../observe/recording/recording.js';
import { hasReload } from '../../../plan/ready/checks.js';
import { ALIKE, FORKING } from '../../../policy/alike.js';
import { withOwnSets } from '../../../seccomp/syscalls/own-sets.js';
import { callsOf } from '../../../seccomp/syscalls/resolve.js';
import { sameCalls } from '../../../seccomp/syscalls/same-calls.js';
import type { SyscallSets } from '../../../seccomp/syscalls/sets.js';
import { countEvents } from '../checklist.js';
import { SECONDS_OF_DAY } from '../times.js';
import { type CallFacts, dangerousCalls, type SortedCall, sortCalls, type Tier } from './calls/tiers.js';
import { whyIncomplete } from './incomplete.js';
import type { PolicyRequest, ProfilePart } from './input.js';
import { callsBy } from './programs.js';

/** The lines of `[ready]`. */
export interface LearnedReady {
  /** Calls that are refused, in alphabetical order; `clone` only where it makes a process. */
  readonly deny: readonly string[];
  /** Calls of the start alone that work may need all the same, and that stay. */
  readonly left: readonly string[];
  /** As `left`, of a reload with another configuration than the one that was watched. */
  readonly leftToReload: readonly string[];
  /** Whether the service can still be reloaded; undefined where the unit has no reload, or where none was watched. */
  readonly reload: boolean | undefined;
  /** Whether the unit has a reload, of which isn't known what it needs. */
  readonly isReloadUnseen: boolean;
  /** Whether no process can be started once the service serves. */
  readonly startsNone: boolean;
  /** The daemon that loses what its start script alone does, where nothing else is taken: without `--ready`. */
  readonly daemon?: string;
}

/** Why a learned policy has no `[ready]`. */
export interface NoReady {
  /** The end of a sentence. */
  readonly why: string;
  /** Calls that it would lose if a restart took the place of a reload. */
  readonly withoutReload: readonly string[];
  /** Whether a watch that sees more may find calls. */
  readonly isUnseen: boolean;
}

/** Sets and calls of a start by their nature, besides those that an attacker wants first. */
const OF_STARTS = ['@setuid', 'bind', 'capset', 'chroot', 'listen', 'pivot_root', 'seccomp'];

/**
 * Calls by which a reload takes up another configuration: it opens sockets, and loads modules. A watch sees one of the same
 * configuration, and many services go on with the old one, in silence, where they can't take up the new one.
 */
const OF_RELOADS = ['bind', 'connect', 'listen', 'socket'];

/**
 * Calls of @critical that are never taken. A service may wait in one from its start on: it is seen only when the wait is
 * over. By mprotect(2) C libraries give threads their stacks, and memory as it grows, when there is more work.
 */
const NEVER_TAKEN = ['accept', 'accept4', 'recvfrom', 'mprotect'];

/**
 * The calls that a service made until it was ready, and not since, of those that matter to an attacker. All its processes lose
 * them, also those that have no other filter.
 * @param calls the policy's, by their tiers
 * @param known by what the tiers were found
 * @param daemon the one that a start script becomes, if it is to lose what the script alone does
 * @returns undefined where `[ready]` isn't asked for, and there is no such daemon
 */
export function learnReady(
  request: PolicyRequest,
  calls: readonly SortedCall[],
  known: CallFacts,
  daemon?: string,
): LearnedReady | NoReady | undefined {
  const asked = request.options?.ready ? readyAsked(request, calls, known) : undefined;
  if (daemon === undefined || (asked && 'deny' in asked)) return asked;
  const without = withoutScript(request, calls, known, daemon);
  return without.deny.length > 0 ? without : asked;
}

/** The calls that a start script made and its daemon neither made nor reaches. */
function withoutScript(
  { profile, effective, reachableByDaemon: reachable }: PolicyRequest,
  calls: readonly SortedCall[],
  known: CallFacts,
  daemon: string,
): LearnedReady {
  const made = { ...profile, calls: callsBy(profile.calls, daemon) };
  const own = sortCalls(made, reachable ? { ...known, reachable } : known);
  const taken = calls.filter(({ reason }) => reason !== 'harmless');
  const deny = withProcesses(apart(taken, [...passing(own), ...logged(own), ...NEVER_TAKEN], known), calls);
  const isReloadUnseen = hasReload(effective) && countEvents(profile.watches, 'reload') === 0;
  return {
    ...{ deny, left: [], leftToReload: [], isReloadUnseen },
    daemon,
    reload: hasReload(effective) && !isReloadUnseen ? true : undefined,
    startsNone: FORKING.some((name) => deny.includes(name)),
  };
}

function readyAsked(
  request: PolicyRequest,
  calls: readonly SortedCall[],
  known: CallFacts,
): LearnedReady | NoReady {
  const { profile, effective, options } = request;
  const unknown = whyUnknown(profile);
  if (unknown !== undefined) return { why: unknown, withoutReload: [], isUnseen: true };
  const keepsReload = hasReload(effective) && options!.ready!.reload;
  const found = readyWith(request, keepsReload, calls, known);
  if (found.deny.length > 0) return found;
  const { deny: withoutReload } = keepsReload ? readyWith(request, false, calls, known) : found;
  const open = [...found.left, ...found.leftToReload].sort();
  const why =
    open.length === 0
      ? 'no call that matters to an attacker was made only at the start'
      : `a reload or later work may need the calls of the start: ${shortList(open, 8)}`;
  return { why, withoutReload, isUnseen: !hasWorked(profile) };
}

/** @param keepsReload whether the service keeps what a reload needs */
function readyWith(
  { profile, effective, target }: PolicyRequest,
  keepsReload: boolean,
  calls: readonly SortedCall[],
  known: CallFacts,
): LearnedReady {
  const canReload = hasReload(effective);
  const isReloadSeen = countEvents(profile.watches, 'reload') > 0;
  const needed = passing(sortCalls({ ...profile, calls: madeIn(profile, keepsReload) }, known));
  const [ofStarts, ofWork] = callsThatMatter(target.sets);
  const isReloads = (name: string) => keepsReload && OF_RELOADS.includes(name);
  const isWorks = (name: string) => !hasWorked(profile) && !ofStarts.has(name);
  const mattering = apart(calls, [...needed], known).filter((name) => ofStarts.has(name) || ofWork.has(name));
  const taken = mattering.filter((name) => !isReloads(name) && !isWorks(name));
  const deny = withProcesses(taken, calls);
  return {
    deny,
    left: mattering.filter((name) => isWorks(name) && !isReloads(name)),
    leftToReload: mattering.filter(isReloads),
    reload: !canReload || (keepsReload && !isReloadSeen) ? undefined : keepsReload,
    isReloadUnseen: keepsReload && !isReloadSeen,
    startsNone: FORKING.some((name) => deny.includes(name)),
  };
}

/** The calls that pass by a policy and aren't needed, nor any that does the same, in alphabetical order. */
function apart(calls: readonly SortedCall[], needed: readonly string[], known: CallFacts): string[] {
  const open = new Set(withOthersAlike(needed));
  return [...passing(calls)].filter((name) => !open.has(name) && !known.isRefusedByUnit?.(name)).sort();
}

/** Where processes are taken, those that only may be reached go, too: one could still be made by them. */
const withProcesses = (taken: readonly string[], calls: readonly SortedCall[]): string[] => {
  const reached = logged(calls);
  const forking = taken.includes('clone') ? FORKING.filter((name) => reached.has(name)) : [];
  return [...taken, ...forking].sort();
};

/** The reason why calls may have been made once the service was ready that aren't known. */
const whyUnknown = (profile: ProfilePart): string | undefined =>
  whyIncomplete(profile, 'calls') ??
  (countEvents(profile.watches, 'serving') > 0 ? undefined : 'no work was watched');

/** Whether the service has had work to do: an exercise, or that of a whole day. */
const hasWorked = ({ watches, seconds }: ProfilePart): boolean =>
  countEvents(watches, 'exercise') > 0 || seconds >= SECONDS_OF_DAY;

/** Calls that were made once the service was ready. A command of a reload or a stop isn't held to the filter. */
const madeIn = ({ calls }: ProfilePart, withReload: boolean) => {
  const phases: readonly LifePhase[] = ['serving', 'stop', ...(withReload ? (['reload'] as const) : [])];
  return calls.filter(({ onceReady }) => onceReady.some((phase) => phases.includes(phase)));
};

const ofTier = (calls: readonly SortedCall[], wanted: Tier): Set<string> =>
  new Set(calls.filter(({ tier }) => tier === wanted).map(({ name }) => name));

const passing = (calls: readonly SortedCall[]): Set<string> => ofTier(calls, 'allow');
const logged = (calls: readonly SortedCall[]): Set<string> => ofTier(calls, 'log');

/** Calls, and all that do the same as one of them: without the one, an attacker makes the other. */
const withOthersAlike = (names: readonly string[]): string[] => [
  ...names,
  ...[...ALIKE, ...sameCalls()].filter((group) => group.some((name) => names.includes(name))).flat(),
];

/** Calls that are of a start, and those that work may need as well. */
function callsThatMatter(
  sets: SyscallSets,
): readonly [ofStarts: ReadonlySet<string>, ofWork: ReadonlySet<string>] {
  const all = withOwnSets(sets);
  const named = (names: readonly string[]) => names.flatMap((name) => callsOf({ name }, all));
  const ofStarts = new Set(withOthersAlike([...dangerousCalls(sets), ...named(OF_STARTS)]));
  const critical = withOthersAlike(named(['@critical']));
  return [ofStarts, new Set(critical.filter((name) => !ofStarts.has(name) && !NEVER_TAKEN.includes(name)))];
}
