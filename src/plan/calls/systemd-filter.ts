import { groupBy } from '../../collections.js';
import { EVERY_ARCHITECTURE } from '../../seccomp/syscalls/abi.js';
import { type Action, ALLOW, KILL, LOG, permits } from '../../seccomp/syscalls/action.js';
import { formatAction } from '../../seccomp/syscalls/action-text.js';
import type { NamedPolicy } from '../../seccomp/syscalls/named-policy.js';
import { whereKnown } from '../../seccomp/syscalls/numbers.js';
import { always, callsOf, mildest, refusal, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { CallEntry, SyscallsSection } from '../../seccomp/syscalls/section.js';
import {
  areSetsOf,
  callsInSets,
  expandSet,
  type SyscallSets,
  setNames,
} from '../../seccomp/syscalls/sets.js';
import type { Target } from '../../systemd/target/target.js';
import type { PlannedDirective } from '../plan.js';
import { isForLauncher, unlistedInAllowList } from './left-to-launcher.js';

/**
 * Whether a name in systemd's sets is a call of an ABI that this program knows. No process can make other calls.
 * libseccomp doesn't know all of them, and systemd warns if a line names one of those directly.
 */
const isCall = (name: string, sets: SyscallSets): boolean => whereKnown(name, sets) !== 'elsewhere';

const callsIn = (names: Iterable<string>, sets: SyscallSets): string[] =>
  [...names].filter((name) => isCall(name, sets));

interface Exceptions {
  /** The open ABIs. */
  readonly architectures: readonly string[];
  /** systemd's answer to a call that it can't answer as the policy says; undefined for other calls. */
  readonly answer: (call: string) => Action | undefined;
  /** Calls that pass in any case: those that the launcher makes before its own filter is in force. */
  readonly needed: readonly string[];
}

/** The part of a policy that systemd enforces: a verdict without rules on each call that it knows. */
export function systemdFilter(
  policy: NamedPolicy,
  { sets, systemd }: Pick<Target, 'sets' | 'systemd'>,
  { architectures, answer, needed }: Exceptions,
): NamedPolicy {
  const { mode, unnamed } = policy;
  const allows = mode === 'allow';
  const verdicts = callsIn(callsInSets(sets), sets).map((call) => {
    const verdict = verdictOn(policy, call);
    const action = answer(call) ?? mildest(verdict);
    return [call, always(permits(action) ? ALLOW : action)] as const;
  });
  return {
    mode,
    verdicts: new Map([...verdicts, ...needed.map((call) => [call, always(ALLOW)] as const)]),
    unnamed: allows ? unnamed : ALLOW,
    unnamedLimit: ALLOW,
    unlisted: allows ? unlistedInAllowList(systemd, unnamed) : ALLOW,
    architectures,
    recordedArchitectures: [],
  };
}

/** A filter as its lines are written: the action of SystemCallErrorNumber=, and calls by their answers. */
interface SystemdFilter {
  readonly mode: NamedPolicy['mode'];
  readonly action: Action;
  readonly passing: ReadonlySet<string>;
  /** Refused calls with their actions; in an allow list only those whose action differs. */
  readonly refused: ReadonlyMap<string, Action>;
}

function writtenAs({ mode, unnamed, verdicts }: NamedPolicy, usual: Action): SystemdFilter {
  const action = mode === 'allow' ? unnamed : usual === LOG ? KILL : usual;
  const answers = [...verdicts].map(([call, { otherwise }]) => [call, otherwise] as const);
  return {
    mode,
    action,
    passing: new Set(answers.flatMap(([call, answer]) => (permits(answer) ? [call] : []))),
    refused: new Map(
      answers.filter(([, answer]) => !permits(answer) && (mode === 'deny' || answer !== action)),
    ),
  };
}

/** Whether a denied call is let through and recorded. */
export const isRecorded = (section: SyscallsSection, entry: CallEntry): boolean =>
  (entry.action ?? refusal(section)) === LOG;

/**
 * The directives that make systemd load a filter. They begin with resets: systemd joins lines by rules that can turn
 * another file's list into its opposite.
 * @param own whether the filter has the unit's own lines in it
 */
export function systemCallDirectives(
  policy: NamedPolicy,
  section: SyscallsSection,
  { sets, version }: Pick<Target, 'sets' | 'version'>,
  own: boolean,
): PlannedDirective[] {
  const { allow = [], deny } = section;
  const filter = writtenAs(policy, refusal(section));
  const mentioned = [...allow, ...deny].map((entry) => entry.name);
  const candidates = own ? setNames(sets) : mentioned.filter((name) => name.startsWith('@'));
  const exact = areSetsOf(sets, version);
  const lines = exact ? systemCallFilterLines(filter, sets, candidates) : linesWithoutSets(filter, sets);
  const because = `[syscalls]${own ? " and the unit's own filter" : ''}`;
  const { architectures } = policy;
  const isOpen = EVERY_ARCHITECTURE.every((name) => architectures.includes(name));
  const names = ['native', ...architectures.filter((name) => name !== 'native')];
  const recorded = recordedNames(section, sets);
  const log = exact ? recorded : recorded.flatMap((name) => callsIn(callsOf({ name }, sets), sets));
  return [
    {
      name: 'SystemCallArchitectures',
      values: ['', ...(isOpen ? [] : [names.join(' ')])],
      because: '[syscalls] architectures',
    },
    { name: 'SystemCallFilter', values: ['', ...lines], because },
    { name: 'SystemCallErrorNumber', values: [errorNumber(filter.action)], because: '[syscalls] action' },
    ...(log.length > 0
      ? [{ name: 'SystemCallLog', values: [log.join(' ')], because: '[syscalls] log' }]
      : []),
  ];
}

/** The names for SystemCallLog=: calls and sets that are recorded, and that systemd knows. */
function recordedNames(section: SyscallsSection, sets: SyscallSets): string[] {
  if (isForLauncher(section)) return [];
  const entries = [...section.log, ...section.deny.filter((entry) => isRecorded(section, entry))];
  const known = callsInSets(sets);
  return entries.map(({ name }) => name).filter((name) => name.startsWith('@') || known.has(name));
}

/** The greatest length of a line of names, in characters. */
const LINE = 110;

/** The length in characters from which a deny list is written as all that systemd knows, less the passing calls. */
const SHORT = 550;

/**
 * The right-hand sides of SystemCallFilter= that make systemd build this filter, after a reset. A set stands for its
 * members if all of them are meant.
 * @param candidates the sets that may be used
 */
function systemCallFilterLines(
  filter: SystemdFilter,
  sets: SyscallSets,
  candidates: readonly string[],
): string[] {
  const { mode, passing, refused } = filter;
  const allowed = () =>
    wrapNames(cover(passing, sets, ['@default', ...candidates], skippedIn(filter, sets)), '');
  const refusals = (calls: Iterable<readonly [string, Action]>) =>
    refusedNames(filter, calls, sets, candidates);
  if (mode === 'allow') {
    // The first line fixes the mode and adds @default; `~` lines then take away.
    const implicit = callsIn(expandSet(sets, '@default') ?? [], sets);
    const skipped = skippedIn(filter, sets);
    const unwanted = implicit.filter(
      (call) => !passing.has(call) && !refused.has(call) && !skipped.has(call),
    );
    return [...allowed(), ...wrapNames([...unwanted, ...refusals(refused)], '~')];
  }
  const plain = wrapNames(refusals(refused), '~');
  const all = new Set(expandSet(sets, '@known'));
  if (all.size === 0 || plain.join(' ').length < SHORT) return plain;
  // Lines without `~` take away from a deny list.
  const others = [...refused].filter(([call, action]) => !all.has(call) || action !== filter.action);
  return ['~@known', ...allowed(), ...wrapNames(refusals(others), '~')];
}

/**
 * The right-hand sides if the sets aren't the target's: call by call, since a set's name may mean something else there.
 * Only @default is named, to take away what the first line of an allow list brings.
 */
function linesWithoutSets(filter: SystemdFilter, sets: SyscallSets): string[] {
  const refused = wrapNames(refusedNames(filter, filter.refused, sets, []), '~');
  if (filter.mode === 'deny') return refused;
  const passing = wrapNames([...filter.passing].sort(), '');
  return ['execve', '~@default', ...passing, ...refused];
}

/** Names of refused calls, with a suffix if their action isn't the usual one. */
function refusedNames(
  filter: SystemdFilter,
  calls: Iterable<readonly [string, Action]>,
  sets: SyscallSets,
  candidates: readonly string[],
): string[] {
  return [...groupBy(calls, ([, action]) => action)].flatMap(([action, entries]) => {
    const suffix = action === filter.action ? '' : `:${formatAction(action)}`;
    const names = new Set(entries.map(([call]) => call));
    return cover(names, sets, candidates, skippedIn(filter, sets)).map((name) => `${name}${suffix}`);
  });
}

const errorNumber = (action: Action): string => (action === KILL ? 'kill' : formatAction(action));

/**
 * Names for a set of calls: whole sets first, the largest first, then the rest one by one.
 * @param skipped calls that needn't be named one by one
 */
function cover(
  calls: ReadonlySet<string>,
  sets: SyscallSets,
  candidates: readonly string[],
  skipped: ReadonlySet<string> = NONE,
): string[] {
  const left = new Set(calls);
  const whole = [...new Set(candidates)]
    .map((name) => ({ name, members: callsIn(expandSet(sets, name) ?? [], sets) }))
    .filter(({ members }) => members.length > 0 && members.every((call) => calls.has(call)))
    .sort((a, b) => b.members.length - a.members.length)
    .filter(({ members }) => {
      const useful = members.some((call) => left.has(call));
      for (const call of members) left.delete(call);
      return useful;
    })
    .map(({ name }) => name);
  return [...whole, ...[...left].filter((call) => !skipped.has(call)).sort()];
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Calls that systemd skips with a warning, in an allow list: those answer as calls that aren't in it, named or not. In a
 * deny list the name stays, so that what isn't refused is found when the list is read back.
 */
const skippedIn = ({ mode }: SystemdFilter, { unresolved = NONE }: SyscallSets): ReadonlySet<string> =>
  mode === 'allow' ? unresolved : NONE;

/**
 * Splits names over lines, which systemd joins. Names for several lines are also split by initials, so that one name
 * more or less changes only the lines of its initial.
 */
function wrapNames(names: readonly string[], prefix: string): string[] {
  const short = prefix.length + names.join(' ').length <= LINE;
  const lines: string[] = [];
  let initial: string | undefined;
  for (const name of names) {
    const last = lines.at(-1);
    const joins = last !== undefined && last.length + name.length < LINE && (short || name[0] === initial);
    if (joins) lines[lines.length - 1] = `${last} ${name}`;
    else lines.push(`${prefix}${name}`);
    initial = name[0];
  }
  return lines;
}
