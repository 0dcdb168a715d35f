/** The refusals that `watch` has kept of a unit, as `explain` shows them. */

import { printable } from '../../diagnostic.js';
import type { KeptRefusal, KeptRefusals } from '../../explain/refusals/kept.js';
import { fileName } from '../../systemd/unit/path.js';

/** Kept refusals for people, the last one first; empty if there are none. */
export function watchedText(unit: string, { since, refusals, lost }: KeptRefusals): string {
  if (refusals.length === 0) return '';
  const what = refusals.length === 1 ? '1 refusal' : `${refusals.length} different refusals`;
  const more = lost > 0 ? `; there was no room for ${lost} more` : '';
  const head = `${unit}: watch has seen ${what} since ${new Date(since).toISOString()}${more}`;
  return `${[head, ...lastFirst(refusals).map(refusalText)].join('\n\n')}\n`;
}

function refusalText({ says, cause, at, certain, change, count, last, programs }: KeptRefusal): string {
  const who = programs.length > 0 ? `${programs.map(fileName).join(', ')} ` : '';
  const times = count === 1 ? 'once' : `${count} times, last`;
  const lines = [
    `  ${who}${says}, ${times} at ${new Date(last).toISOString()}`,
    `  ${certain ? '' : 'perhaps '}${cause}${at === null ? '' : ` (${at})`}`,
    ...(change === null ? [] : [`  to allow it: ${change}`]),
  ];
  return lines.map((line) => printable(line, 2000)).join('\n');
}

/** Kept refusals for programs. */
export const watchedJson = ({ since, until, lost, refusals }: KeptRefusals) => ({
  ...{ since: new Date(since).toISOString(), until: new Date(until).toISOString(), lost },
  refusals: lastFirst(refusals).map(keptJson),
});

/** A kept refusal for programs. */
export const keptJson = ({ key: _, call: __, allowing: ___, isAlarm, first, last, ...one }: KeptRefusal) => ({
  ...one,
  alarm: isAlarm,
  first: new Date(first).toISOString(),
  last: new Date(last).toISOString(),
});

const lastFirst = (refusals: readonly KeptRefusal[]): KeptRefusal[] =>
  refusals.toSorted((a, b) => b.last - a.last);
