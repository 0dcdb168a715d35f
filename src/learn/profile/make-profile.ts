import { groupBy } from '../../collections.js';
import {
  LIFE_PHASES,
  type LifePhase,
  type RecordedArguments,
  type RecordedCapability,
  type Recording,
} from '../../observe/recording/recording.js';
import type {
  Profile,
  ProfileArguments,
  ProfileCall,
  ProfileProgram,
  ProfileWatch,
  RecordingCounts,
} from './profile.js';
import { secondsWatched } from './times.js';

/** The machine of a profile: the one that is asked for, if recordings are of it, else that of the newest. */
export function profileMachine(
  recordings: readonly Recording[],
  wanted: string | undefined,
): string | undefined {
  const machines = recordings.map(({ host }) => host.architecture);
  return wanted !== undefined && machines.includes(wanted) ? wanted : machines.at(-1);
}

/**
 * Everything that recordings prove together: the union, with how many hosts and recordings show each line.
 * @param unit the name of the profile's unit, of which the recordings are, or a template's of whose instances they are
 * @param recordings the oldest first
 * @param architecture recordings of other machines are counted, and have no part in it
 */
export function makeProfile(unit: string, recordings: readonly Recording[], architecture: string): Profile {
  const own = recordings.filter(({ host }) => host.architecture === architecture);
  const others = recordings.filter(({ host }) => host.architecture !== architecture);
  return {
    unit,
    architecture,
    hosts: new Set(own.map(({ host }) => host.id)).size,
    recordings: own.length,
    seconds: secondsWatched(own),
    watches: own.map(watchOf),
    apart: countsBy(others.map(({ host }) => [host.architecture, 1])),
    ...callsOf(own),
    ...refusalsOf(own),
    arguments: argumentsOf(own),
    programs: programsOf(own),
    paths: gather(own, (one) => one.paths, pathKey, withCounts),
    peers: gather(own, (one) => one.peers, withoutCount, withCounts),
    capabilities: gather(own, (one) => one.capabilities, capabilityKey, joinCapabilities),
    forkFlags: sorted(own.flatMap(({ forkFlags }) => forkFlags)),
    modes: sorted(own.flatMap(({ modes }) => modes)),
    ringOperations: sorted(own.flatMap(({ ringOperations }) => ringOperations)),
    lost: countsBy(own.flatMap(({ lost }) => Object.entries(lost))),
    blind: distinct(own.flatMap(({ blind }) => blind)).sort(),
  };
}

function watchOf(recording: Recording): ProfileWatch {
  const { version, unit, host, begin, end, truncated, slice, slices, lives, events, lost, blind } = recording;
  const argumentsLost = recording.arguments.flatMap(({ name, lost: count }) =>
    count > 0 ? [{ name, count }] : [],
  );
  return {
    ...{ version, unit, host, begin, end, truncated, slice, slices, lives, events, lost, blind },
    argumentsLost,
  };
}

const distinct = <T>(values: Iterable<T>): T[] => [...new Set(values)];
const sorted = (values: readonly number[]): number[] => distinct(values).sort((a, b) => a - b);

function countsBy(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const [key, count] of entries) counts.set(key, (counts.get(key) ?? 0) + count);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Elements of recordings that have one key, joined, with how many hosts and recordings have them; sorted by the key. */
function gather<T>(
  recordings: readonly Recording[],
  elementsOf: (recording: Recording) => readonly T[],
  keyOf: (element: T) => string,
  join: (before: T, more: T) => T,
): (T & RecordingCounts)[] {
  const found = new Map<string, { element: T; hosts: Set<string>; recordings: Set<Recording> }>();
  for (const recording of recordings) {
    for (const element of elementsOf(recording)) {
      const key = keyOf(element);
      const before = found.get(key);
      const entry = before ?? { element, hosts: new Set(), recordings: new Set() };
      if (before) entry.element = join(before.element, element);
      entry.hosts.add(recording.host.id);
      entry.recordings.add(recording);
      found.set(key, entry);
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { element, hosts, recordings: of }]) => ({
      ...element,
      hosts: hosts.size,
      recordings: of.size,
    }));
}

interface Counted {
  readonly count: number;
  readonly phases?: readonly LifePhase[];
}

const joinPhases = (a: readonly LifePhase[], b: readonly LifePhase[]): LifePhase[] =>
  LIFE_PHASES.filter((phase) => a.includes(phase) || b.includes(phase));

const withCounts = <T extends Counted>(before: T, more: T): T => ({
  ...before,
  count: before.count + more.count,
  ...(before.phases && more.phases ? { phases: joinPhases(before.phases, more.phases) } : {}),
});

const withoutCount = <T extends Counted>({ count: _, ...rest }: T): string =>
  JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));

/** No path has a NUL, and other text can't be taken for a part of it. */
const pathKey = ({ path, use, errno, device, cut }: Recording['paths'][number]): string =>
  `${path}\0${use} ${errno ?? ''} ${device ?? ''} ${cut ? 'cut' : ''}`;

const capabilityKey = ({ name, granted }: RecordedCapability): string => JSON.stringify([name, granted]);

const joinCapabilities = (before: RecordedCapability, more: RecordedCapability): RecordedCapability => ({
  ...before,
  count: before.count + more.count,
  calls: distinct([...before.calls, ...more.calls]).sort(),
});

type CallIdentity = Omit<ProfileCall, keyof RecordingCounts>;

const callKey = ({ name, architecture }: Pick<ProfileCall, 'name' | 'architecture'>): string =>
  `${name} ${architecture}`;

function callsOf(recordings: readonly Recording[]): Pick<Profile, 'calls' | 'nameless'> {
  const nameless = recordings.flatMap(({ calls }) => calls.filter(({ name }) => name === null));
  return {
    calls: gather(recordings, namedCalls, callKey, joinCalls),
    nameless: distinct(nameless.map(({ architecture, number }) => `${architecture} ${number}`)).sort(),
  };
}

function namedCalls({ begin, calls, programs }: Recording): CallIdentity[] {
  const dateOf = (seconds: number) => new Date(Date.parse(begin) + seconds * 1000).toISOString();
  return calls.flatMap((call) => {
    const { architecture, name, count, first, last, phases, onceReady } = call;
    if (name === null) return [];
    const dates = { first: dateOf(first), last: dateOf(last) };
    const by = call.programs.map((i) => programs[i]!.path);
    return [{ architecture, name, count, ...dates, phases, programs: by, onceReady }];
  });
}

const joinCalls = (before: CallIdentity, more: CallIdentity): CallIdentity => ({
  ...before,
  count: before.count + more.count,
  first: [before.first, more.first].sort()[0]!,
  last: [before.last, more.last].sort()[1]!,
  phases: Object.fromEntries(
    LIFE_PHASES.map(
      (phase) => [phase, (before.phases[phase] ?? 0) + (more.phases[phase] ?? 0)] as const,
    ).filter(([, count]) => count > 0),
  ),
  programs: distinct([...before.programs, ...more.programs]),
  onceReady: joinPhases(before.onceReady, more.onceReady),
});

function refusalsOf(recordings: readonly Recording[]): Pick<Profile, 'refused' | 'namelessRefused'> {
  const nameless = recordings.flatMap(({ refused }) => refused.filter(({ name }) => name === null));
  const named = ({ refused, programs }: Recording) =>
    refused.flatMap(({ architecture, name, answer, count, programs: by }) =>
      name === null
        ? []
        : [{ architecture, name, answer, count, programs: by.map((i) => programs[i]!.path) }],
    );
  return {
    refused: gather(
      recordings,
      named,
      (one) => `${callKey(one)} ${one.answer}`,
      (before, more) => ({
        ...withCounts(before, more),
        programs: distinct([...before.programs, ...more.programs]),
      }),
    ),
    namelessRefused: distinct(nameless.map(({ architecture, number }) => `${architecture} ${number}`)).sort(),
  };
}

function argumentsOf(recordings: readonly Recording[]): ProfileArguments[] {
  const keyOf = ({ architecture, name, arguments: which }: RecordedArguments) =>
    JSON.stringify([name, architecture, which]);
  const join = (before: RecordedArguments, more: RecordedArguments): RecordedArguments => ({
    ...before,
    phases: joinPhases(before.phases, more.phases),
    lost: before.lost + more.lost,
  });
  const valuesOf = (one: Recording) =>
    one.arguments.flatMap((all) => all.values.map((value) => ({ of: keyOf(all), value })));
  const values = gather(
    recordings,
    valuesOf,
    ({ of, value }) => `${of} ${valueKey(value)}`,
    (before) => before,
  );
  const byArguments = groupBy(values, ({ of }) => of);
  return gather(recordings, (one) => one.arguments, keyOf, join).map((all) => {
    const own = byArguments.get(keyOf(all)) ?? [];
    const shown = own.map(({ hosts, recordings: of }) => ({ hosts, recordings: of }));
    return { ...all, values: own.map(({ value }) => value), shown };
  });
}

/** Sorts as the numbers do. */
const valueKey = (value: readonly string[]): string => value.map((one) => one.padStart(20, '0')).join(' ');

function programsOf(recordings: readonly Recording[]): ProfileProgram[] {
  const elements = ({ programs }: Recording) =>
    programs.map(({ path, phases, hash }) => ({
      ...{ path, phases },
      hashes: hash === null ? [] : [hash],
      unread: hash === null ? 1 : 0,
    }));
  return gather(
    recordings,
    elements,
    ({ path }) => path,
    (before, more) => ({
      path: before.path,
      phases: joinPhases(before.phases, more.phases),
      hashes: distinct([...before.hashes, ...more.hashes]).sort(),
      unread: before.unread + more.unread,
    }),
  );
}
