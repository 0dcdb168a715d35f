import { printable } from '../../diagnostic.js';
import { MAX_RECORDING_SIZE } from '../../evidence/recording/parse.js';
import type { PathUse, RecordedEvent, Recording } from '../../evidence/recording/recording.js';
import type { NamedDump } from '../../observer/named.js';

/** A watch of one unit, but for what the observer has seen. */
export interface Watch extends Pick<Recording, 'unit' | 'scope' | 'host' | 'truncated' | 'slice'> {
  /** Milliseconds since 1970. */
  readonly begin: number;
  /** How long it took by a clock that nobody sets, in seconds: the end is told by it. */
  readonly seconds: number;
  readonly events: readonly RecordedEvent[];
}

/** The longest line of an event that is kept, in characters. */
const MAX_LINE = 8000;

/** The recording of a watch. */
export const makeRecording = ({ begin, seconds, events, ...watch }: Watch, seen: NamedDump): Recording => ({
  version: 2,
  ...watch,
  begin: new Date(begin).toISOString(),
  end: new Date(begin + seconds * 1000).toISOString(),
  events: events.toSorted((a, b) => a.at - b.at).map(keptEvent),
  ...readable(seen),
});

/** The most that paths take, in bytes: a file that is larger than any recording can't be read back. */
const MOST_OF_PATHS = MAX_RECORDING_SIZE / 2;

/** Uses of programs and libraries, by which is found what can be reached. */
const OF_CODE: readonly PathUse[] = ['execute', 'map-executable'];

/** A service may use so many long names that they are more than a file is to have: they are lost then, all but those of code. */
function readable(seen: NamedDump): NamedDump {
  const { paths, lost } = seen;
  if (new TextEncoder().encode(JSON.stringify(paths)).length <= MOST_OF_PATHS) return seen;
  const kept = paths.filter(({ use }) => OF_CODE.includes(use));
  return { ...seen, paths: kept, lost: { ...lost, paths: (lost.paths ?? 0) + paths.length - kept.length } };
}

const keptEvent = ({ what, at, line }: RecordedEvent): RecordedEvent => ({
  what,
  at: Math.max(at, 0),
  ...(line === undefined ? {} : { line: printable(line, MAX_LINE) }),
});
