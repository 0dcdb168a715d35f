/** Parts of the file system that directives of a unit close, and which of them a policy would open. */

import { shortList } from '../../../collections.js';
import { allWords, barePath, covers, type UnitValues } from '../../unit/values.js';
import type { DirectiveComparison } from '../directive.js';
import { allExpected, type ExpectedMount, mountLines } from './mounts.js';

/** A part of the file system that a directive of the unit closes. */
export type ClosedPath = Pick<ExpectedMount, 'by' | 'path' | 'except'>;

export const closed = (by: string, paths: readonly string[]): ClosedPath[] =>
  paths.map((path) => ({ by, path, except: [] }));

/** The paths that a directive's list closes where they are: a bind mount of another place closes none. */
export function closedPaths(unit: UnitValues, directive: string): string[] {
  const words = allWords(unit.get(directive) ?? []).map((word) => word.split(':').map(barePath));
  const inPlace = words.filter(([from, to]) => directive !== 'BindReadOnlyPaths' || !to || from === to);
  return inPlace.map(([path]) => path!);
}

const expectedAs =
  (...kinds: readonly ExpectedMount['is'][]) =>
  (unit: UnitValues): ClosedPath[] =>
    allExpected(mountLines(unit)).filter(({ is }) => kinds.includes(is));

/** Parts that the unit's processes can't write to. */
export const readOnly = expectedAs('read-only', 'inaccessible');

/** Parts that the unit's processes can't see. */
export const hidden = expectedAs('inaccessible', 'private');

/** Which directive closes a path. Where a specifier leads isn't known, so that anything may close it. */
export function closedBy(parts: readonly ClosedPath[], path: string, within = false): string | undefined {
  const hit = (part: ClosedPath) =>
    path.includes('%') ||
    ((covers(part.path, path) || (within && covers(path, part.path))) &&
      !part.except.some((above) => covers(above, path)));
  return parts.find(hit)?.by;
}

export const opens = (path: string, by: string) => `it opens '${path}', which the unit's '${by}' closes`;

/** A path of the policy that the unit doesn't list itself and that another of its directives closes, but for those that it lists. */
export function openedPaths(
  { before, after }: Pick<DirectiveComparison, 'before' | 'after'>,
  parts: readonly ClosedPath[],
): string | undefined {
  const own = allWords(before).map(barePath);
  for (const path of allWords(after).map(barePath)) {
    const by = own.some((above) => covers(above, path)) ? undefined : closedBy(parts, path);
    if (by !== undefined) return `${opens(path, by)}${own.length > 0 ? ` but for ${shortList(own)}` : ''}`;
  }
  return undefined;
}
