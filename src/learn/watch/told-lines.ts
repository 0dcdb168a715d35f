/** Lines at the begin and the end of a watch, for terminals, logs and journals. */
import { shortList } from '../../collections.js';

/** Options that say when a watch ends. */
export interface WatchEnd {
  /** Seconds; undefined: until the exercise is over, or the user ends it. */
  readonly seconds?: number | undefined;
  /** Whether the services live a whole life meanwhile: restart, reload, restart. */
  readonly restart?: boolean | undefined;
  /** A command for sh(1) that gives the services work. */
  readonly exercise?: string | undefined;
}

/** The most services that the line names. */
const MOST_NAMES = 5;

/**
 * Says what is watched, and until when.
 * @param now milliseconds since 1970
 */
export function beginLine(names: readonly string[], options: WatchEnd, now: number): string {
  const end = endText(options, now);
  const until = end === undefined ? '' : ` until ${end}`;
  const early = end === undefined ? '' : ' earlier';
  return `Watching ${shortList(names, MOST_NAMES)}${until}; Ctrl-C ends it${early} and keeps what was seen.`;
}

/** The end of a watch; undefined where the user ends it. Its time begins after a restart, which takes some time itself. */
function endText({ seconds, exercise, restart }: WatchEnd, now: number): string | undefined {
  if (seconds !== undefined) {
    const time = `${new Date(now + seconds * 1000).toISOString().slice(0, 19)}Z`;
    return restart ? `a restart at about ${time}` : time;
  }
  if (exercise !== undefined) return restart ? 'a restart after the exercise' : 'the exercise is over';
  return restart ? 'two restarts are over' : undefined;
}

export const END_LINE = 'The watch is over.';
