import type { UnderWatch } from '../../../learn/watch/under-watch.js';
import type { Recording } from '../../../observe/recording/recording.js';
import { spanText } from '../../../systemd/time-span.js';

/** Watches under way, a line each. */
export function watchesText(watches: readonly UnderWatch[], now: number): string {
  if (watches.length === 0) return 'No service is being watched.\n';
  return watches.map((one) => `${watchLine(one, now)}\n`).join('');
}

function watchLine({ unit, begin, end, background, phase, calls, lost }: UnderWatch, now: number): string {
  const since = `for ${spanText((now - begin) / 1000)}`;
  const left = end === null ? '' : `, ${spanText(Math.max(0, end - now) / 1000)} left`;
  const where = background === null ? 'in the foreground' : `by ${background}`;
  const losses = lost === 0 ? 'nothing lost' : `${lost} lost`;
  return `${unit} (${phase ?? 'down'}): watched ${since}${left}, ${calls} calls, ${losses}, ${where}`;
}

/** Recordings, a line each. */
export const recordedText = (recordings: readonly Recording[]): string =>
  recordings.map((one) => `${recordingLine(one)}\n`).join('');

function recordingLine({ unit, begin, end, calls, refused, lost, lives }: Recording): string {
  const seconds = (Date.parse(end) - Date.parse(begin)) / 1000;
  const names = new Set(calls.map(({ name, number }) => name ?? number));
  const losses = Object.values(lost).reduce((all, one) => all + one, 0);
  return [
    `${unit}: ${names.size} calls in ${spanText(seconds)}`,
    ...(lives > 0 ? [lives === 1 ? '1 start' : `${lives} starts`] : []),
    ...(refused.length > 0 ? [`${refused.length} refused by a filter`] : []),
    losses === 0 ? 'nothing lost' : `${losses} records lost`,
  ].join(', ');
}
