/** Times of watches, in seconds since 1970. */
import { groupBy } from '../../collections.js';
import type { Recording } from '../../observe/recording/recording.js';

export const SECONDS_OF_DAY = 86_400;

/** A time in which was watched without a break. */
export interface WatchedTime {
  readonly from: number;
  readonly to: number;
}

type Watch = Pick<Recording, 'begin' | 'end'> & { readonly host: Pick<Recording['host'], 'id'> };

export const spanOf = ({ begin, end }: Pick<Recording, 'begin' | 'end'>): WatchedTime => ({
  from: Date.parse(begin) / 1000,
  to: Date.parse(end) / 1000,
});

export const lengthOf = (spans: readonly WatchedTime[]): number =>
  spans.reduce((sum, { from, to }) => sum + to - from, 0);

/** Spans in order, those that overlap or touch as one. */
export function union(spans: readonly WatchedTime[]): WatchedTime[] {
  const joined: WatchedTime[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) joined[joined.length - 1] = { ...last, to: Math.max(last.to, span.to) };
    else joined.push(span);
  }
  return joined;
}

/** The times in which each host was watched, of watches that overlap once. */
export const watchedByHost = (watches: readonly Watch[]): WatchedTime[][] =>
  [...groupBy(watches, ({ host }) => host.id).values()].map((of) => union(of.map(spanOf)));

/** The time that hosts were watched, all together. */
export const secondsWatched = (watches: readonly Watch[]): number =>
  watchedByHost(watches).reduce((sum, spans) => sum + lengthOf(spans), 0);

/** The time that hosts were watched from a time on, all together. */
export const secondsSince = (watches: readonly Watch[], time: number): number =>
  watchedByHost(watches)
    .flat()
    .reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, time)), 0);

/**
 * How much of a day, a week or another period was watched on some host, in seconds: two nights are one night, since jobs
 * of the night come in both.
 */
export function secondsOfPeriod(watches: readonly Watch[], period: number): number {
  const spans = watchedByHost(watches).flat();
  if (spans.some(({ from, to }) => to - from >= period)) return period;
  const folded = spans.flatMap(({ from, to }): WatchedTime[] => {
    const start = from % period;
    const end = start + to - from;
    if (end <= period) return [{ from: start, to: end }];
    return [
      { from: start, to: period },
      { from: 0, to: end - period },
    ];
  });
  return lengthOf(union(folded));
}

/** Watches of which no two of a host overlap, the longest first; more can't be counted as if they were apart. */
export function apart<T extends Watch>(watches: readonly T[]): T[] {
  const chosen: T[] = [];
  const length = (watch: T) => lengthOf([spanOf(watch)]);
  for (const watch of watches.toSorted((a, b) => length(b) - length(a))) {
    const others = chosen.filter(({ host }) => host.id === watch.host.id).map(spanOf);
    const { from, to } = spanOf(watch);
    if (others.every((other) => other.to <= from || other.from >= to)) chosen.push(watch);
  }
  return chosen;
}
