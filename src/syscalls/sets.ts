/** systemd's syscall sets: `@name` and what it stands for (SystemCallFilter= in systemd.exec(5)). */
import { EXIT, error, printable, UserError } from '../diagnostic.js';
import { setsSource, setsTable } from './generated/sets.js';

export interface SyscallSets {
  /** `target`: as the systemd that enforces them lists them; `bundled`: as the release below had them. */
  readonly source: 'target' | 'bundled';
  /** systemd's version. */
  readonly systemd: string;
  /** By name, with `@`: calls and further sets, as listed. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

const MAX_LISTING = 1 << 20;
const SET = /^@[a-z0-9-]+$/;
const MEMBER = /^ {4}(@[a-z0-9-]+|[a-z0-9_]+)$/;
/** Help texts, and the calls that are in no set: known to systemd, or to the running kernel only. */
const COMMENT = /^ *#|^$/;

/**
 * Reads what `systemd-analyze syscall-filter` prints: a line for each set, an indented line for each member.
 * @param systemd its version, for the record
 * @throws UserError `syscall-set-listing` for anything of another shape
 */
export function parseSyscallFilterListing(text: string, systemd: string): SyscallSets {
  return { source: 'target', systemd, members: parseListing(text) };
}

function parseListing(text: string): Map<string, string[]> {
  if (text.length > MAX_LISTING) throw malformed(`it is longer than ${MAX_LISTING} characters`);
  const members = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const member = MEMBER.exec(line)?.[1];
    if (SET.test(line)) {
      if (members.has(line)) throw malformed(`line ${i + 1} lists '${printable(line)}' again`);
      current = [];
      members.set(line, current);
    } else if (member !== undefined && current) {
      current.push(member);
    } else if (!COMMENT.test(line)) {
      throw malformed(`line ${i + 1} is no set, member or comment: '${printable(line)}'`);
    }
  }
  checkReferences(members);
  return members;
}

function checkReferences(members: ReadonlyMap<string, readonly string[]>): void {
  if (!members.get('@default')?.length) throw malformed("it has no '@default'");
  for (const [set, names] of members) {
    const missing = names.find((name) => name.startsWith('@') && !members.has(name));
    if (missing !== undefined)
      throw malformed(`'${printable(set)}' refers to '${printable(missing)}', which it doesn't list`);
  }
}

const malformed = (why: string) =>
  new UserError(
    error('syscall-set-listing', `can't read the syscall sets of this systemd: ${why}`, {
      hint: "they come from 'systemd-analyze syscall-filter'",
    }),
    EXIT.failure,
  );

let bundled: SyscallSets | undefined;

/** The sets of the systemd release that the tables were made with, for work without a target. */
export function bundledSets(): SyscallSets {
  bundled ??= {
    source: 'bundled',
    systemd: setsSource.replace('systemd ', ''),
    members: parseListing(setsTable),
  };
  return bundled;
}

/** Whether a systemd of this version has the sets that are listed here, so that their names mean the same to it. */
export const areSetsOf = (sets: SyscallSets, version: string): boolean =>
  sets.source === 'target' || upstream(sets.systemd) === upstream(version);

/** Without a distribution's part: `257.13` of `257.13-1~deb13u1`. */
const upstream = (version: string) => /^\d+(?:[.~]\w+)*/.exec(version)?.[0].replace('~', '-');

/** The names of all sets, with `@`, in alphabetical order. */
export const setNames = (sets: SyscallSets): string[] => [...sets.members.keys()].sort();

const expansions = new WeakMap<SyscallSets, Map<string, readonly string[]>>();

/**
 * The calls of a set and of the sets that it holds, in alphabetical order; undefined if there is no such set.
 * @param name with its `@`
 */
export function expandSet(sets: SyscallSets, name: string): readonly string[] | undefined {
  if (!sets.members.has(name)) return undefined;
  const known = expansions.get(sets) ?? new Map<string, readonly string[]>();
  expansions.set(sets, known);
  const calls = known.get(name) ?? collectCalls(sets, [name]);
  known.set(name, calls);
  return calls;
}

/** Iterating over a Set visits what is added on the way, each once: nested sets, and cycles. */
function collectCalls(sets: SyscallSets, names: Iterable<string>): string[] {
  const calls = new Set<string>();
  const visited = new Set(names);
  for (const set of visited) {
    for (const member of sets.members.get(set) ?? []) (member.startsWith('@') ? visited : calls).add(member);
  }
  return [...calls].sort();
}

const mentioned = new WeakMap<SyscallSets, ReadonlySet<string>>();

/** Every call that some set holds, in alphabetical order. */
export function callsInSets(sets: SyscallSets): ReadonlySet<string> {
  const calls = mentioned.get(sets) ?? new Set(collectCalls(sets, sets.members.keys()));
  mentioned.set(sets, calls);
  return calls;
}
