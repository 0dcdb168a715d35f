import { type Diagnostic, didYouMean, type Location, printable, warning } from '../../diagnostic.js';
import { errnoNumber } from '../../seccomp/syscalls/errno.js';
import { isKnownCall, knownCalls } from '../../seccomp/syscalls/numbers.js';
import { expandSet, type SyscallSets, setNames } from '../../seccomp/syscalls/sets.js';
import type { EffectiveUnit } from './effective.js';
import { leadingWords, nextWord, wordText } from './exec/word.js';
import type { Assignment } from './unit-file.js';

/**
 * The answer to a refused call: the process dies, or the call fails with this errno. With 0 the call seems to succeed.
 */
export type Refusal = number | 'kill';

/** The filter that a unit's SystemCallFilter= lines make. */
export interface OwnSyscallFilter {
  /** `allow`: calls without an entry are refused; `deny`: they pass. */
  readonly mode: 'allow' | 'deny';
  /**
   * Entries by the name of the call. In a deny list a call with an entry is refused, with the entry's errno or the
   * unit's. In an allow list an entry without errno lets the call pass; one with an errno refuses it so.
   */
  readonly entries: ReadonlyMap<string, { readonly errno?: Refusal }>;
  /** The line that decides the mode. */
  readonly at: Location;
  /** Warnings about words that systemd skips, or that neither its sets nor our tables know. */
  readonly ignored: readonly Diagnostic[];
}

/** The first systemd that lets `write` pass, which it needs itself between the filter and the program (256.2). */
const WRITE_EXEMPT = 256;
/**
 * The first systemd that keeps `~call:errno` in an allow list as a refusal, and skips `call:errno` without a tilde.
 * Older ones take the first call out of the list, and let the second pass; a unit with `call:kill` doesn't start.
 */
const ERRNO_IN_ALLOW_LIST = 248;

/**
 * Merges a unit's SystemCallFilter= lines as systemd does (config_parse_syscall_filter() in systemd 257). The first
 * line after a reset decides the mode; later lines add or remove calls.
 * @param systemd the major version that enforces the filter
 * @returns undefined if there is no filter
 */
export function ownSyscallFilter(
  unit: EffectiveUnit,
  sets: SyscallSets,
  systemd: number,
): OwnSyscallFilter | undefined {
  const lines = unit.list('Service', 'SystemCallFilter');
  const first = lines[0];
  if (!first) return undefined;
  const mode = first.value.startsWith('~') ? 'deny' : 'allow';
  const entries = new Map<string, { errno?: Refusal }>();
  const ignored: Diagnostic[] = [];
  if (mode === 'allow') for (const call of expandSet(sets, '@default') ?? []) entries.set(call, {});
  for (const line of lines) {
    const { inverted, words, problems } = readWords(line, (word) => readEntry(word, line, systemd));
    for (const problem of problems) ignored.push(problem);
    for (const [name, errno] of words) {
      const calls = callsOf(name, sets, line, ignored);
      const exact = systemd >= ERRNO_IN_ALLOW_LIST || mode === 'deny';
      const add = inverted === (mode === 'deny') || (inverted && errno !== undefined && exact);
      for (const call of calls) {
        if (add) entries.set(call, errno === undefined || (!exact && errno !== 'kill') ? {} : { errno });
        else entries.delete(call);
      }
    }
  }
  if (systemd >= WRITE_EXEMPT) mode === 'allow' ? entries.set('write', {}) : entries.delete('write');
  return { mode, entries, at: first.at, ignored };
}

/** The answer to refused calls whose entry has no errno of its own (SystemCallErrorNumber=). */
export function ownErrorNumber(unit: EffectiveUnit): Refusal {
  let number: Refusal = 'kill';
  for (const { value } of unit.all('Service', 'SystemCallErrorNumber')) {
    if (value === '' || value === 'kill') number = 'kill';
    else number = parseErrno(value) || number;
  }
  return number;
}

/** systemd's names of architectures (seccomp_arch_from_string() in systemd 257). */
const ARCHITECTURES: ReadonlySet<string> = new Set(
  (
    'native x86 x86-64 x32 arm arm64 loongarch64 mips mips64 mips64-n32 mips-le mips64-le mips64-le-n32 ' +
    'parisc parisc64 ppc ppc64 ppc64-le riscv64 s390 s390x'
  ).split(' '),
);

/** The architectures whose calls pass (SystemCallArchitectures=), `native` as written; empty if all pass. */
export function ownArchitectures(unit: EffectiveUnit): readonly string[] {
  // systemd keeps the words before one that is malformed.
  const names = unit
    .list('Service', 'SystemCallArchitectures')
    .flatMap(({ value }) => leadingWords(value, { quotes: true, escapes: 'next' }).words);
  return [...new Set(names)].filter((name) => ARCHITECTURES.has(name));
}

type FilterWord = readonly [name: string, errno: Refusal | undefined];

interface CallFilterLine {
  readonly inverted: boolean;
  /** Each name once, at its last place: an earlier word of the same name has no effect. */
  readonly words: ReadonlyMap<string, Refusal | undefined>;
  readonly problems: readonly Diagnostic[];
}

/**
 * Splits a line into words. `~` counts only in front of the line; words have no quotes, and a backslash only makes the
 * next character plain.
 */
function readWords(
  line: Assignment,
  read: (word: string, inverted: boolean) => FilterWord | Diagnostic,
): CallFilterLine {
  const inverted = line.value.startsWith('~');
  const text = inverted ? line.value.slice(1) : line.value;
  const words = new Map<string, Refusal | undefined>();
  const problems: Diagnostic[] = [];
  for (let at = 0; ; ) {
    const word = nextWord(text, at, { quotes: false, escapes: 'next' });
    if (word === undefined) return { inverted, words, problems };
    if (word === 'malformed') {
      return { inverted, words, problems: [...problems, skipped(text.slice(at), line)] };
    }
    const entry = read(wordText(word.pieces), inverted);
    if ('severity' in entry) problems.push(entry);
    else {
      words.delete(entry[0]);
      words.set(...entry);
    }
    at = word.next;
  }
}

/** Reads `name` or `name:errno`; from systemd 248 on an errno is permitted in lines with `~` only. */
function readEntry(word: string, line: Assignment, systemd: number): FilterWord | Diagnostic {
  const colon = word.indexOf(':');
  if (colon < 0) return [word, undefined];
  const suffix = word.slice(colon + 1);
  const errno = suffix === 'kill' ? 'kill' : parseErrno(suffix);
  const placed = line.value.startsWith('~') || systemd < ERRNO_IN_ALLOW_LIST;
  const valid = colon > 0 && errno !== undefined && placed;
  return valid ? [word.slice(0, colon), errno] : skipped(word, line);
}

/** The calls that a name stands for; empty for an unknown name, which is reported. */
function callsOf(
  name: string,
  sets: SyscallSets,
  line: Assignment,
  ignored: Diagnostic[],
): readonly string[] {
  const calls = name.startsWith('@') ? expandSet(sets, name) : isKnownCall(name, sets) ? [name] : undefined;
  if (calls) return calls;
  ignored.push(skipped(name, line, didYouMean(name, [...knownCalls(sets), ...setNames(sets)])));
  return [];
}

const skipped = (word: string, line: Assignment, hint?: string) =>
  warning('own-filter-word-ignored', `systemd ignores '${printable(word, 60)}' in ${line.key}=`, {
    at: line.at,
    hint,
  });

/**
 * An errno as systemd's parse_errno() reads it: a name, or a number from 0 to 4095 in C's notation or with 0b and 0o.
 */
function parseErrno(text: string): number | undefined {
  const named = errnoNumber(text);
  if (named !== undefined) return named;
  const digits = /^[+-]?(0x[0-9a-f]+|0b[01]+|0o[0-7]+|0[0-7]*|[1-9][0-9]*)$/i.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const number = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  const negative = text.startsWith('-') && number !== 0;
  return negative || number > 4095 ? undefined : number;
}
