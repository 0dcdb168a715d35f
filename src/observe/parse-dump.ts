/** A dump of the observer is parsed as hostile text: a service has a say in what is in it. */
import { type Diagnostic, EXIT, error, UserError } from '../diagnostic.js';
import type { ObservedUnit } from './observed.js';
import { LONGEST_WATCH, MOST_ELEMENTS, MOST_PROGRAMS } from './recording/parse.js';
import { PATH_USES } from './recording/recording.js';
import {
  amount,
  type Check,
  dictionary,
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
} from './recording/shape.js';

const U32 = 0xffffffff;
const PHASE_BITS = 0b1111;

const abi = oneOf(['native', 'compat', 'x32']);
const number = whole(U32);
const errno = whole(4095);
const count = whole();
const mask = whole();
const phases = whole(PHASE_BITS);
const decimal = text(/^\d{1,20}$/, 'a decimal number in quotes');
// biome-ignore lint/suspicious/noControlCharactersInRegex: a path has none
const bytes = text(/^[\x01-\xff]{0,4096}$/, 'text of one byte a character, at most 4096');
const seconds = amount(LONGEST_WATCH);

const counts = that(list(count, 4), (value) =>
  value.length === 4 ? undefined : 'counts of four phases',
) as Check<readonly [number, number, number, number]>;

const REFUSED = { programs: mask, lacked: whole(63), root: flag };

const SHAPE: Check<ObservedUnit> = object({
  dump: whole(1023),
  lives: whole(),
  slices: whole(),
  programs: list(object({ path: bytes, phases }), MOST_PROGRAMS),
  calls: list(
    object({
      ...{ abi, nr: number, first: seconds, last: seconds, slices: whole() },
      ...{ counts, programs: mask, onceReady: phases },
    }),
    1 << 14,
  ),
  refused: list(
    object({ abi, nr: number, errno, count, programs: mask }, { certain: flag, before: flag, failed: flag }),
    1 << 14,
  ),
  arguments: list(
    object({ watch: whole(4095), phases, values: list(list(decimal, 2), MOST_ELEMENTS), lost: count }),
    4096,
  ),
  paths: list(
    object(
      { use: oneOf(PATH_USES), phases, path: bytes, count },
      {
        errno,
        device: text(/^(?:char|block) \d{1,10}:\d{1,10}$/, 'a device as char 1:3'),
        cut: flag,
        ...REFUSED,
      },
    ),
    MOST_ELEMENTS,
  ),
  peers: list(
    object(
      {
        use: oneOf(['bind', 'connect', 'send', 'receive', 'accept']),
        family: number,
        type: number,
        address: bytes,
        port: nullable(whole(65_535)),
        count,
      },
      { errno },
    ),
    MOST_ELEMENTS,
  ),
  capabilities: list(
    object({
      capability: whole(63),
      granted: flag,
      count,
      calls: list(object({ abi, nr: number }), 1 << 14),
      lost: count,
    }),
    1024,
  ),
  forkFlags: list(decimal, 1 << 14),
  modes: list(whole(0o7777), 1 << 14),
  ringOperations: list(whole(255), 1 << 14),
  lost: dictionary(/^[a-z][a-zA-Z0-9_-]{0,63}$/, count, 64),
  blind: list(text(/^[a-z][a-zA-Z0-9_-]{0,63}$/, 'a word'), 64),
});

/** As parseDump(), of a line as Observer.dump() has it. @throws UserError `observer-failed` */
export function observedIn(line = ''): ObservedUnit {
  const observed = parseDump(new TextEncoder().encode(line));
  if ('severity' in observed) throw new UserError(observed, EXIT.failure);
  return observed;
}

/**
 * Reads a line `{"dump":INDEX,…}` of the observer.
 * @returns an error `observer-failed` if it is none
 */
export function parseDump(line: Uint8Array): ObservedUnit | Diagnostic {
  try {
    return SHAPE(jsonOf(line), '');
  } catch (cause) {
    if (!(cause instanceof Misshapen)) throw cause;
    const hint = 'the observer is another version than this command, or one of them is damaged';
    return error('observer-failed', `the observer's dump can't be read: ${cause.message}`, { hint });
  }
}
