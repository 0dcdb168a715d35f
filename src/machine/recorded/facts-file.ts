/** A facts file: what a machine has answered to `facts`, a script that runs there (JSON Lines). */
import { gunzipSync } from 'node:zlib';
import { EXIT, error, printable, UserError } from '../../diagnostic.js';

/** The most bytes of a facts file. */
export const MAX_FACTS = 64 << 20;

/** The most bytes of one answer, unpacked: no file that is read is larger. */
const MAX_ANSWER = 8 << 20;

/** The most bytes of all answers that are unpacked. */
const MAX_UNPACKED = 256 << 20;

/** The version of the lines, in the first one. */
const VERSION = 1;

/** Files by st_mode's type, from the letters of find(1). */
const TYPES: ReadonlyMap<string, number> = new Map([
  ['b', 0o060000],
  ['c', 0o020000],
  ['d', 0o040000],
  ['f', 0o100000],
  ['l', 0o120000],
  ['p', 0o010000],
  ['s', 0o140000],
]);

/** The answer to one question. */
export type RecordedAnswer =
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'look'; readonly facts: LookedAt }
  | { readonly kind: 'read'; readonly facts: ReadFacts }
  | ({ readonly kind: 'data'; readonly status: number } & Packed);

/** A file's own facts: of a link, not of its target. */
export interface LookedAt extends Times {
  /** With the type, as st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly link: string;
}

interface Times {
  /** In milliseconds since 1970. */
  readonly modified: number;
}

/** Bytes of a file, as `read FROM SIZE PATH` asks for them. */
export interface ReadFacts extends Times, Packed {
  /** With the type, as st_mode; 0 for what is neither a file nor /dev/null. */
  readonly mode: number;
}

/** Data as the script has packed them, and unpacked. */
interface Packed {
  readonly packed: string;
  readonly data: () => Uint8Array;
}

/** The answers of a machine. */
export interface Inventory {
  /** Its name, for people. */
  readonly host: string;
  readonly answers: ReadonlyMap<string, RecordedAnswer>;
}

type InventoryLine = Readonly<Record<string, unknown>>;

const fail = (message: string) =>
  new UserError(
    error('bad-file', message, {
      hint: 'gather them again: sandbox-unit facts --script | ssh root@HOST sh -s UNIT >HOST.facts',
    }),
    EXIT.failure,
  );

/**
 * Reads facts, of one call of the script or of several: a later answer takes the place of an earlier one.
 * @param texts the files, by their paths
 * @throws UserError `bad-file`
 */
export function parseFacts(texts: ReadonlyMap<string, string>): Inventory {
  const answers = new Map<string, RecordedAnswer>();
  const hosts = new Set<string>();
  const machines = new Set<string>();
  const unpack = unpacker();
  for (const [path, text] of texts) {
    if (!text.endsWith('\n')) throw fail(`${path} is cut short`);
    let number = 0;
    for (const line of linesOf(text)) {
      const at = `${path}:${++number}`;
      const parsed = parseLine(line, at);
      if (number === 1 && parsed.facts === undefined) throw fail(`${at}: this is not a facts file`);
      if (parsed.facts !== undefined) {
        hosts.add(hostIn(parsed, at));
        if (parsed.machine !== undefined) machines.add(stringIn(parsed, 'machine', at));
      } else answers.set(stringIn(parsed, 'ask', at), answerOf(parsed, at, unpack));
    }
  }
  if (hosts.size > 1) throw fail(`the facts come from several machines: ${[...hosts].join(', ')}`);
  if (machines.size > 1)
    throw fail(`the facts come from ${machines.size} machines that are all named ${[...hosts][0]}`);
  return { host: [...hosts][0] ?? '', answers };
}

/** The lines of a text, one at a time: a hostile file may have millions. */
function* linesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    yield text.slice(at, end);
    at = end + 1;
  }
}

function parseLine(text: string, at: string): InventoryLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as InventoryLine;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw fail(`${at}: the line is not a JSON object`);
}

function hostIn(line: InventoryLine, at: string): string {
  if (line.facts !== VERSION)
    throw fail(`${at}: the facts have version ${printable(String(line.facts))}, not ${VERSION}`);
  return printable(stringIn(line, 'host', at));
}

function stringIn(line: InventoryLine, key: string, at: string): string {
  const value = line[key];
  if (typeof value !== 'string') throw fail(`${at}: the string '${key}' is missing`);
  return value;
}

function numberIn(line: InventoryLine, key: string, at: string, most: number): number {
  const value = line[key];
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
  throw fail(`${at}: the number '${key}' is missing`);
}

/** Milliseconds of seconds with a fraction, as node's Stats have them. */
function timeIn(line: InventoryLine, key: string, at: string): number {
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(stringIn(line, key, at)) ?? [];
  if (seconds === undefined) throw fail(`${at}: '${key}' is not a time`);
  return Number(seconds) * 1000 + Number(fraction.padEnd(9, '0').slice(0, 9)) / 1e6;
}

function modeIn(line: InventoryLine, at: string): number {
  const mode = stringIn(line, 'mode', at);
  if (!/^[0-7]{1,4}$/.test(mode)) throw fail(`${at}: 'mode' is not a file mode`);
  return (TYPES.get(stringIn(line, 'type', at)) ?? 0) | Number.parseInt(mode, 8);
}

type Unpack = (packed: string, at: string) => () => Uint8Array;

function answerOf(line: InventoryLine, at: string, unpack: Unpack): RecordedAnswer {
  if (line.absent === true) return { kind: 'absent' };
  if (line.failed !== undefined) return { kind: 'failed', reason: printable(stringIn(line, 'failed', at)) };
  const [kind] = stringIn(line, 'ask', at).split(' ', 1);
  const times = () => ({ modified: timeIn(line, 'modified', at) });
  const data = (): Packed => {
    const packed = stringIn(line, 'data', at);
    return { packed, data: unpack(packed, at) };
  };
  if (kind === 'look') {
    const uid = numberIn(line, 'uid', at, 2 ** 32 - 1);
    return { kind, facts: { mode: modeIn(line, at), uid, link: stringIn(line, 'link', at), ...times() } };
  }
  if (kind === 'read') return { kind, facts: { mode: modeIn(line, at), ...times(), ...data() } };
  return {
    kind: 'data',
    status: line.status === undefined ? 0 : numberIn(line, 'status', at, 255),
    ...data(),
  };
}

/** Unpacks data when it is wanted, and only so much of all. */
function unpacker(): Unpack {
  let left = MAX_UNPACKED;
  return (packed, at) => {
    let unpacked: Uint8Array | undefined;
    return () => {
      if (unpacked) return unpacked;
      const data = unpackedOf(packed, at);
      left -= data.length;
      if (left < 0) throw fail(`${at}: the facts are too large`);
      unpacked = data;
      return data;
    };
  };
}

/** Base64, which Node reads with any other characters in it. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function unpackedOf(packed: string, at: string): Uint8Array {
  if (packed === '') return new Uint8Array();
  if (!BASE64.test(packed)) throw fail(`${at}: the data is not base64`);
  try {
    return gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_ANSWER });
  } catch {
    throw fail(`${at}: the data can't be unpacked`);
  }
}
