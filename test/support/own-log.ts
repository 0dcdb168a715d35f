import { isKnownCall } from '../../src/seccomp/syscalls/numbers.js';
import { expandSet, type SyscallSets } from '../../src/seccomp/syscalls/sets.js';
import type { EffectiveUnit } from '../../src/systemd/unit/effective.js';
import { leadingWords } from '../../src/systemd/unit/exec/word.js';

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
    for (const name of leadingWords(line.replace(/^~/, ''), { quotes: false, escapes: 'next' }).words) {
      const named = name.startsWith('@') ? (expandSet(sets, name) ?? []) : [name];
      for (const call of named.filter((one) => isKnownCall(one, sets))) {
        adds ? calls.add(call) : calls.delete(call);
      }
    }
  }
  return { inverted, calls };
}
