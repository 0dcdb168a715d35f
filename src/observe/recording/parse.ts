import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { ABIS, type Abi } from '../../seccomp/syscalls/abi.js';
import { nameOf, numbersOf } from '../../seccomp/syscalls/numbers.js';
import { isServiceName } from '../../systemd/unit/name.js';
import { LIFE_PHASES, PATH_USES, type RecordedCall, type Recording } from './recording.js';
import {
  amount,
  type Check,
  dictionary,
  distinct,
  either,
  flag,
  jsonOf,
  list,
  Misshapen,
  nullable,
  object,
  oneOf,
  text,
  that,
  whole,
} from './shape.js';

/** A size that no recording has, in bytes. */
export const MAX_RECORDING_SIZE = 64 << 20;

/** The most elements of a list. */
export const MOST_ELEMENTS = 1 << 20;
const MOST_CALLS = 1 << 14;
export const MOST_PROGRAMS = 64;

/** Ten years: no watch is as long, in seconds. */
export const LONGEST_WATCH = 10 * 366 * 86_400;

const U32 = 0xffffffff;
const WORD = /^[a-z][a-zA-Z0-9_-]{0,63}$/;

const count = whole(undefined, 1);
const errno = whole(4095, 1);
const seconds = amount(LONGEST_WATCH);
const phases = distinct(oneOf(LIFE_PHASES), LIFE_PHASES.length);
const shortText = text(/^[^\p{C}]{1,200}$/u, 'text of 1 to 200 characters');
const architecture = oneOf(Object.keys(ABIS) as Abi[]);
const callName = text(/^[a-z_][a-z0-9_]{0,63}$/, "a call's name");
// biome-ignore lint/suspicious/noControlCharactersInRegex: a path has none
const anyPath = text(/^[^\x00]{1,4096}$/, 'a path of at most 4096 characters');
const programs = distinct(whole(MOST_PROGRAMS - 1), MOST_PROGRAMS);

const date = that(
  text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/, 'a time as 2026-11-28T02:44:11Z'),
  (value) => (Number.isNaN(Date.parse(value)) ? 'a valid time' : undefined),
);

const isAbsolute = ({ path, cut }: { readonly path: string; readonly cut?: boolean }) =>
  path.startsWith('/') || cut ? undefined : 'an absolute path, or one that was cut';

interface NumberedCall {
  readonly architecture: Abi;
  readonly number: number;
  readonly name: string | null;
}

/** A policy is written by names: one must not stand for another call's number. */
function isOwnName({ architecture: abi, number, name }: NumberedCall): string | undefined {
  const known = nameOf(abi, number);
  const other = name === null ? undefined : numbersOf(abi).get(name);
  if (name === null || known === name || (known === undefined && other === undefined)) return undefined;
  return `a call whose name has its number: ${abi} has ${known ?? 'no call'} at ${number}`;
}

const numbered = { architecture, number: whole(U32), name: nullable(callName) };

const call: Check<RecordedCall> = that(
  object({
    ...numbered,
    count,
    first: seconds,
    last: seconds,
    slices: whole(undefined, 1),
    phases: that(object({}, Object.fromEntries(LIFE_PHASES.map((phase) => [phase, count]))), (value) =>
      Object.keys(value).length === 0 ? 'counts of at least one phase' : undefined,
    ),
    programs,
    onceReady: phases,
  }),
  (value) => isOwnName(value) ?? (value.first <= value.last ? undefined : 'first made, then last'),
);

const refused = that(
  object({ ...numbered, answer: either(errno, oneOf(['kill'])), count, programs }),
  isOwnName,
);

const argumentValue = text(/^\d{1,20}$/, 'a decimal number in quotes');

const argumentsOfCall = that(
  object({
    architecture,
    name: callName,
    arguments: distinct(whole(5), 2),
    values: list(list(argumentValue, 2), MOST_ELEMENTS),
    phases,
    lost: whole(),
  }),
  ({ arguments: which, values }) =>
    which.length > 0 && values.every((value) => value.length === which.length)
      ? undefined
      : 'as many values as arguments',
);

const path = that(
  object(
    { path: anyPath, use: oneOf(PATH_USES), phases, count },
    { errno, device: text(/^(?:char|block) \d{1,10}:\d{1,10}$/, 'a device as char 1:3'), cut: flag },
  ),
  isAbsolute,
);

const peer = object(
  {
    use: oneOf(['bind', 'connect', 'send', 'receive', 'accept']),
    family: whole(U32),
    type: whole(U32),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an address has none
    address: text(/^[^\x00]{0,4096}$/, 'an address of at most 4096 characters'),
    port: nullable(whole(65_535)),
    count,
  },
  { errno },
);

const capability = object({
  name: text(/^CAP_[A-Z0-9_]{1,40}$/, 'a capability as CAP_NET_ADMIN'),
  granted: flag,
  count,
  calls: distinct(callName, MOST_CALLS),
});

const event = object(
  {
    what: oneOf(['start', 'serving', 'reload', 'stop', 'log-rotation', 'exercise', 'command']),
    at: seconds,
  },
  { line: text(/^[^\p{Cc}]{1,8192}$/u, 'a line of at most 8192 characters') },
);

/** The version of recordings that are read and written. */
const VERSION: Recording['version'] = 2;

const SHAPE: Check<Recording> = that(
  object({
    version: oneOf([VERSION]),
    unit: that(shortText, (name) => (isServiceName(name) ? undefined : 'the full name of a service')),
    scope: oneOf(['system', 'user']),
    host: object({
      name: shortText,
      id: text(/^[0-9a-f]{16,64}$/, '16 to 64 hexadecimal digits'),
      kernel: shortText,
      systemd: shortText,
      architecture,
      libc: nullable(shortText),
    }),
    begin: date,
    end: date,
    truncated: flag,
    slice: that(seconds, (value) => (value > 0 ? undefined : 'more than nothing')),
    slices: whole(),
    lives: whole(),
    events: list(event, MOST_ELEMENTS),
    programs: list(
      object({
        path: that(anyPath, (value) => isAbsolute({ path: value })),
        hash: nullable(text(/^[0-9a-f]{64}$/, '64 hexadecimal digits')),
        phases,
      }),
      MOST_PROGRAMS,
    ),
    calls: list(call, MOST_CALLS),
    refused: list(refused, MOST_CALLS),
    arguments: list(argumentsOfCall, MOST_CALLS),
    paths: list(path, MOST_ELEMENTS),
    peers: list(peer, MOST_ELEMENTS),
    capabilities: list(capability, 1024),
    forkFlags: distinct(whole(), MOST_CALLS),
    modes: distinct(whole(0o7777), MOST_CALLS),
    ringOperations: distinct(whole(255), MOST_CALLS),
    lost: dictionary(WORD, count, 64),
    blind: distinct(text(WORD, 'a word'), 64),
  }),
  isWhole,
);

/** Rules between parts of a recording. */
function isWhole({ begin, end, programs: all, calls, refused: others, slices }: Recording) {
  const length = (Date.parse(end) - Date.parse(begin)) / 1000;
  if (length < 0 || length > LONGEST_WATCH) return 'begun before its end, and no longer than ten years';
  const used = [...calls, ...others].flatMap((one) => one.programs);
  if (used.some((index) => index >= all.length)) return 'a recording whose calls are of its programs';
  if (calls.some((one) => one.slices > slices)) return `one whose calls are in at most its ${slices} slices`;
  return undefined;
}

/**
 * Reads a stored recording: schemas/recording.json. Names of calls that it lacks, and that the tables know, are put in.
 * @param file its name for errors
 * @returns an error `bad-file` where it is none, or of another version
 */
export function parseRecording(bytes: Uint8Array, file: string): Recording | Diagnostic {
  const wrong = (says: string, hint?: string) => error('bad-file', `${printable(file)}: ${says}`, { hint });
  try {
    const json = jsonOf(bytes);
    const version = versionOf(json);
    if (version !== undefined && version !== VERSION)
      return wrong(
        `it has version ${version}, and this sandbox-unit reads version ${VERSION}`,
        'use the sandbox-unit that recorded it',
      );
    return withNames(SHAPE(json, ''));
  } catch (cause) {
    if (!(cause instanceof Misshapen)) throw cause;
    return wrong(
      cause.message,
      'it is damaged, or another program wrote it: record it again, or remove the file',
    );
  }
}

function versionOf(json: unknown): number | undefined {
  const version = typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined;
  return typeof version === 'number' ? version : undefined;
}

function withNames(recording: Recording): Recording {
  const named = <T extends Pick<RecordedCall, 'architecture' | 'number' | 'name'>>(one: T): T => ({
    ...one,
    name: one.name ?? nameOf(one.architecture as Abi, one.number) ?? null,
  });
  return { ...recording, calls: recording.calls.map(named), refused: recording.refused.map(named) };
}
