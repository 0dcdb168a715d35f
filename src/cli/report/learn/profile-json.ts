import type { ProfileArguments } from '../../../learn/profile/profile.js';
import type { ShownProfile } from './profile.js';

/** Entries of an object whose keys aren't fixed: programs read a list of them by one key. */
const entries = <K extends string>(object: Readonly<Partial<Record<string, number>>>, key: K) =>
  Object.entries(object).map(
    ([name, count]) => ({ [key]: name, count: count! }) as Record<K, string> & { count: number },
  );

/** The profile for programs: schemas/learn-show.json. */
export function profileJson({ profile, estimate, checklist, incomplete }: ShownProfile) {
  const { lost, apart, blind, watches, calls, arguments: all, ...rest } = profile;
  // The estimate has the seconds.
  const { unit, architecture, hosts, recordings, seconds: _, ...evidence } = rest;
  return {
    ...{ unit, architecture, hosts, recordings, estimate, checklist, doubts: incomplete },
    apart: entries(apart, 'architecture'),
    watches: watches.map((watch) => ({ ...watch, lost: entries(watch.lost, 'table') })),
    calls: calls.map((call) => ({ ...call, phases: entries(call.phases, 'phase') })),
    ...evidence,
    arguments: all.map(argumentsJson),
    lost: entries(lost, 'table'),
    blind,
  };
}

const argumentsJson = ({ values, shown, ...rest }: ProfileArguments) => ({
  ...rest,
  values: values.map((value, i) => ({ value, ...shown[i]! })),
});
