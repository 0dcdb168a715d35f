/** Diagnostics about filters that were too much work to be compared. */
import { type Diagnostic, error, warning } from '../../diagnostic.js';
import { whose } from './looser.js';
import type { ThreadGroup } from './thread-group.js';

/** An error about groups that may be looser than they are held to. */
export function unknowable(groups: readonly ThreadGroup[]): Diagnostic[] {
  const unknown = groups.filter(({ calls }) => calls === 'unknown');
  const [first] = unknown;
  if (!first) return [];
  const message = `can't be known whether ${whose(first)}${andMore(unknown)} obeys: ${first.uncompared} of ${first.filters} filters are too much work to be compared, and without them it is looser`;
  const hint =
    'restart the service: what is started under the policy obeys, whatever filters it loads itself';
  return [error('filter-unknowable', message, { hint })];
}

/** Warnings about differences that aren't complete, or were found by samples. */
export function sampledNotes(groups: readonly ThreadGroup[]): Diagnostic[] {
  const known = groups.filter(({ calls }) => calls !== 'unknown');
  const sampled = Math.max(0, ...known.map((group) => group.sampled));
  const some = `some arguments of ${sampled} ranges of numbers were tried, not all: too many for a proof`;
  const less = known.filter(({ uncompared }) => uncompared > 0);
  const [first] = less;
  return [
    ...(sampled > 0 ? [warning('sampled', some)] : []),
    ...(first ? [warning('sampled', notCompared(first, less))] : []),
  ];
}

const notCompared = (first: ThreadGroup, all: readonly ThreadGroup[]): string =>
  `${first.uncompared} of ${first.filters} filters of ${whose(first)}${andMore(all)} are too much work to be compared: they can only refuse more`;

const andMore = ({ length }: readonly ThreadGroup[]): string =>
  length > 1 ? ` (and ${length - 1} more with other filters)` : '';
