import type { RecordedCall, Recording } from '../recording/recording.js';
import type { Evidence, SeenCall, SeenRefusal } from './input.js';

/**
 * The evidence that recordings of one unit give together.
 * @param recordings at least one, all of hosts of one architecture
 */
export function evidenceOf(recordings: readonly Recording[]): Evidence {
  const [first] = recordings;
  const all = <T>(part: (recording: Recording) => readonly T[]): T[] => recordings.flatMap(part);
  return {
    unit: first!.unit,
    architecture: first!.host.architecture,
    hosts: new Set(recordings.map(({ host }) => host.id)).size,
    recordings: recordings.length,
    seconds: recordings.reduce((sum, { begin, end }) => sum + secondsBetween(begin, end), 0),
    calls: all(callsOf),
    nameless: [...new Set(all(({ calls }) => calls.filter(({ name }) => name === null).map(numbered)))],
    refused: all(refusalsOf),
    arguments: all((recording) => recording.arguments),
    programs: all(({ programs }) => programs),
    paths: all(({ paths }) => paths),
    peers: all(({ peers }) => peers),
    capabilities: all(({ capabilities }) => capabilities),
    forkFlags: [...new Set(all(({ forkFlags }) => forkFlags))],
    modes: [...new Set(all(({ modes }) => modes))],
    lost: sums(recordings.map(({ lost }) => lost)),
    blind: [...new Set(all(({ blind }) => blind))],
  };
}

const secondsBetween = (begin: string, end: string): number =>
  Math.max(0, (Date.parse(end) - Date.parse(begin)) / 1000) || 0;

const numbered = ({ architecture, number }: RecordedCall): string => `${architecture} ${number}`;

const callsOf = ({ calls, programs }: Recording): SeenCall[] =>
  calls.flatMap(({ architecture, name, count, phases, programs: by }) =>
    name === null
      ? []
      : [{ architecture, name, count, phases, programs: by.flatMap((i) => programs[i]?.path ?? []) }],
  );

const refusalsOf = ({ refused }: Recording): SeenRefusal[] =>
  refused.flatMap(({ name, answer, count }) => (name === null ? [] : [{ name, answer, count }]));

function sums(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const [name, count] of records.flatMap((record) => Object.entries(record))) {
    total.set(name, (total.get(name) ?? 0) + count);
  }
  return Object.fromEntries(total);
}
