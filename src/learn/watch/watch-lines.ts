/** Lines about a watch, for terminals, logs and journals. */

import { shortList } from '../../collections.js';
import { spanText } from '../../systemd/time-span.js';

/** Options that say when a watch ends. */
export interface WatchEnd {
  /** Seconds; undefined: until the exercise is over, or the user ends it. */
  readonly seconds?: number | undefined;
  /** Whether the services live a whole life meanwhile: restart, reload, restart. */
  readonly restart?: boolean | undefined;
  /** A command for sh(1) that gives the services work. */
  readonly exercise?: string | undefined;
}

/** The most services that a line names. */
const MOST_NAMES = 5;

/**
 * Says what is watched, and until when. The time begins after the first restart, which takes some time itself.
 * @param now milliseconds since 1970
 */
export function beginLine(
  names: readonly string[],
  { seconds, exercise, restart }: WatchEnd,
  now: number,
): string {
  const about = restart ? 'about ' : '';
  const time = seconds && `${about}${new Date(now + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const end = time ?? (exercise === undefined ? undefined : 'the exercise is over');
  const until = end === undefined ? '' : ` until ${end}`;
  const then = restart ? ', then through a restart' : '';
  const early = end === undefined ? '' : ' earlier';
  return `Watching ${shortList(names, MOST_NAMES)}${until}${then}; Ctrl-C ends it${early} and keeps what was seen.`;
}

export const END_LINE = 'The watch is over.';

/**
 * The state of a watch, for the terminal.
 * @param quiet seconds since a call was seen that was new
 */
export function liveLine(
  services: readonly { readonly name: string; readonly phase: string | undefined }[],
  { calls, lost, quiet }: { readonly calls: number; readonly lost: number; readonly quiet: number },
): string {
  const [one] = services;
  const who =
    services.length === 1 ? `${one!.name} (${one!.phase ?? 'down'})` : `${services.length} services`;
  const losses = lost === 0 ? 'nothing lost' : `${lost} lost`;
  return `${who}: ${calls} calls, the last new one ${spanText(quiet)} ago, ${losses}`;
}
