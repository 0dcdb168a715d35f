/** systemd's sets of system calls, by names with `@` (SystemCallFilter= in systemd.exec(5)). */
import { EXIT, error, printable, UserError } from '../../diagnostic.js';
import { setsSource, setsTable } from './generated/sets.js';

export interface SyscallSets {
  /** `target`: the sets of the systemd that enforces them; `bundled`: the sets of the release in `systemd`. */
  readonly source: 'target' | 'bundled';
  /** The version of systemd that has these sets. */
  readonly systemd: string;
  /** The members of each set: calls and further sets. Sets have their `@`. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** Calls that the libseccomp of the systemd that enforces them can't resolve: it skips them, with a warning. */
  readonly unresolved?: ReadonlySet<string>;
}

const MAX_LISTING = 1 << 20;
const SET = /^@[a-z0-9-]+$/;
const MEMBER = /^ {4}(@[a-z0-9-]+|[a-z0-9_]+)$/;
/** Comments in the listing: help texts, and calls that are in no set, known to systemd or to the running kernel. */
const COMMENT = /^ *#|^$/;

/**
 * Reads the output of `systemd-analyze syscall-filter`: a line for each set, an indented line for each member.
 * @param systemd the version of systemd that made the output
 * @throws UserError `manager-answer` for any other text
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
      throw malformed(`line ${i + 1} is not a set, a member or a comment: '${printable(line)}'`);
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
    error('manager-answer', `can't read the syscall sets of this systemd: ${why}`, {
      hint: "they come from 'systemd-analyze syscall-filter'",
    }),
    EXIT.failure,
  );

let bundled: SyscallSets | undefined;

/** The sets of the systemd release that the tables were made with, for use without a target. */
export function bundledSets(): SyscallSets {
  bundled ??= {
    source: 'bundled',
    systemd: setsSource.replace('systemd ', ''),
    members: parseListing(setsTable),
  };
  return bundled;
}

/** Whether a systemd of this version has the given sets, so that their names mean the same to it. */
export const areSetsOf = (sets: SyscallSets, version: string): boolean =>
  sets.source === 'target' || upstream(sets.systemd) === upstream(version);

/** The upstream part of a version: `257.13` of `257.13-1~deb13u1`. */
const upstream = (version: string) => /^\d+(?:[.~]\w+)*/.exec(version)?.[0].replace('~', '-');

/** The names of all sets, with `@`, in alphabetical order. */
export const setNames = (sets: SyscallSets): string[] => [...sets.members.keys()].sort();

const expansions = new WeakMap<SyscallSets, Map<string, readonly string[]>>();

/**
 * The calls of a set and of the sets in it, in alphabetical order; undefined if there is no such set.
 * @param name the set's name with its `@`
 */
export function expandSet(sets: SyscallSets, name: string): readonly string[] | undefined {
  if (!sets.members.has(name)) return undefined;
  const known = expansions.get(sets) ?? new Map<string, readonly string[]>();
  expansions.set(sets, known);
  const calls = known.get(name) ?? collectCalls(sets, [name]);
  known.set(name, calls);
  return calls;
}

/**
 * The calls of sets and of the sets in them. Iterating over a Set visits sets that are added meanwhile, each once, so
 * that cycles end.
 */
function collectCalls(sets: SyscallSets, names: Iterable<string>): string[] {
  const calls = new Set<string>();
  const visited = new Set(names);
  for (const set of visited) {
    for (const member of sets.members.get(set) ?? []) (member.startsWith('@') ? visited : calls).add(member);
  }
  return [...calls].sort();
}

const mentioned = new WeakMap<SyscallSets, ReadonlySet<string>>();

/** The calls that are in some set, in alphabetical order. */
export function callsInSets(sets: SyscallSets): ReadonlySet<string> {
  const calls = mentioned.get(sets) ?? new Set(collectCalls(sets, sets.members.keys()));
  mentioned.set(sets, calls);
  return calls;
}
