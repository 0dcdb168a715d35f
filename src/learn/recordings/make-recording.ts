import { printable } from '../../diagnostic.js';
import type { RecordedEvent, Recording } from '../../evidence/recording/recording.js';
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
  version: 1,
  ...watch,
  begin: new Date(begin).toISOString(),
  end: new Date(begin + seconds * 1000).toISOString(),
  events: events.toSorted((a, b) => a.at - b.at).map(keptEvent),
  ...seen,
});

const keptEvent = ({ what, at, line }: RecordedEvent): RecordedEvent => ({
  what,
  at: Math.max(at, 0),
  ...(line === undefined ? {} : { line: printable(line, MAX_LINE) }),
});
