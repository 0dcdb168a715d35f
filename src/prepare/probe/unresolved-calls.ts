import { orElse } from '../../machine/state/failures.js';
import type { System } from '../../machine/system.js';
import type { SyscallSets } from '../../seccomp/syscalls/sets.js';
import type { Libraries } from './abilities.js';

/** The most bytes of libseccomp that are read: version 2.6 has 170 kB. */
const MAX_LIBRARY = 4 << 20;

/** A call of the oldest libseccomp that a supported systemd comes with: without it the file is no libseccomp. */
const ALWAYS_THERE = 'faccessat2';

/**
 * The calls of systemd's sets that its libseccomp can't resolve: the library keeps the names of all that it can as
 * strings. Of a file that can't be read, and of one that is no such library, nothing is told.
 */
export async function unresolvedCalls(
  system: System,
  libraries: Libraries,
  { members }: SyscallSets,
): Promise<ReadonlySet<string>> {
  const path = libraries?.get('libseccomp.so.2');
  const file = path && (await orElse(() => system.read(path, { limit: MAX_LIBRARY }), undefined));
  const text = file ? new TextDecoder('latin1').decode(file.bytes) : '';
  const strings = new Set(text.match(/[a-z_][a-z0-9_]*(?=\0)/g));
  if (!strings.has(ALWAYS_THERE)) return new Set();
  const calls = new Set([...members.values()].flat().filter((name) => !name.startsWith('@')));
  const missing = [...calls].filter((name) => !strings.has(name));
  // A name may be kept as the end of a longer string.
  return new Set(missing.filter((name) => !text.includes(`${name}\0`)));
}
