import { isKnownCall } from '../../src/syscalls/numbers.js';
import { expandSet, type SyscallSets } from '../../src/syscalls/sets.js';
import type { EffectiveUnit } from '../../src/unit/effective.js';
import { nextWord, textOf } from '../../src/unit/exec/word.js';

/** Which calls a unit records. */
export interface OwnSyscallLog {
  /** All calls but `calls` are recorded. */
  readonly inverted: boolean;
  readonly calls: ReadonlySet<string>;
}

/** Merges a unit's SystemCallLog= lines as systemd does: like filters, without errnos and without `@default`. */
export function ownSyscallLog(unit: EffectiveUnit, sets: SyscallSets): OwnSyscallLog | undefined {
  const lines = unit.list('Service', 'SystemCallLog').map(({ value }) => value);
  if (lines.length === 0) return undefined;
  const inverted = lines[0]!.startsWith('~');
  const calls = new Set<string>();
  for (const line of lines) {
    const adds = line.startsWith('~') === inverted;
    for (const name of namesIn(line.replace(/^~/, ''))) {
      const named = name.startsWith('@') ? (expandSet(sets, name) ?? []) : [name];
      for (const call of named.filter((one) => isKnownCall(one, sets))) {
        adds ? calls.add(call) : calls.delete(call);
      }
    }
  }
  return { inverted, calls };
}

function namesIn(text: string): string[] {
  const names: string[] = [];
  for (let at = 0; ; ) {
    const word = nextWord(text, at, { quotes: false, escapes: 'next' });
    if (word === undefined || word === 'malformed') return names;
    names.push(textOf(word.pieces));
    at = word.next;
  }
}
