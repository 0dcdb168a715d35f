/** The lines of `[service]` that would allow what `watch` saw a unit's directives refuse. */

import { ownValues } from '../../plan/unit-values.js';
import type { Policy } from '../../policy/policy.js';
import { elements, type NewLine, type NewLines } from '../../policy/service-lines.js';
import type { Prepared } from '../../prepare/prepare.js';
import { effectiveUnit } from '../../systemd/unit/effective.js';
import { allWords } from '../../systemd/unit/values.js';
import { type ServiceChange, SHARED } from './by-directive.js';
import type { KeptRefusal } from './kept.js';

/** A unit's policy, and its own files. */
export interface AllowedIn {
  readonly policy: { readonly policy: Policy };
  readonly unit: Pick<Prepared['unit'], 'files'>;
}

/** Changes of a policy's own file, and the refusals that they allow. */
export interface AllowingLines {
  readonly lines: NewLines;
  readonly allowed: readonly KeptRefusal[];
}

/**
 * The changes for refusals that lines of the policy certainly decided. Lines of the unit's own files, and those of bases
 * that would have to go, stay as they are. A folder of many programs, as /etc, is opened by people alone.
 */
export function allowingLines(prepared: AllowedIn, refusals: readonly KeptRefusal[]): AllowingLines {
  const lines = new Map<string, NewLine>();
  const allowed = refusals.filter(({ certain, at, allowing }) => {
    const line = certain && at !== null && allowing !== null ? newLine(prepared, lines, allowing) : undefined;
    if (line === undefined) return false;
    lines.set(allowing!.name, line);
    return true;
  });
  return { lines, allowed };
}

/** A line after a change, and those before it; undefined where the file can't be changed so. */
function newLine(
  { policy: { policy }, unit }: AllowedIn,
  lines: NewLines,
  change: ServiceChange,
): NewLine | undefined {
  const { name } = change;
  const entry = policy.service.find((one) => one.name === name);
  const planned = lines.get(name);
  if (change.does === 'leave out') return entry?.at.file === policy.file ? { value: undefined } : undefined;
  // A line that is to go allows more than one that is weaker.
  if (planned !== undefined && planned.value === undefined) return planned;
  if (change.does === 'add' && SHARED.has(change.word)) return undefined;
  if (change.does === 'set') return { value: change.value };
  const current = planned
    ? elements({ value: planned.value })
    : entry
      ? elements(entry)
      : ownWords(unit, name);
  // A list that begins so has what is taken.
  if (current[0]?.startsWith('~')) return undefined;
  return { value: [...new Set([...current, change.word])] };
}

const ownWords = ({ files }: AllowedIn['unit'], name: string): readonly string[] =>
  allWords(ownValues(effectiveUnit(files)).get(name));
