/** Tests of policy/toml.ts and policy/toml-errors.ts: values and their places, and what is wrong with a text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import TomlParser from '@iarna/toml/lib/toml-parser.js';
import { UserError } from '../../src/diagnostic.js';
import { decodePolicy, MAX_POLICY_SIZE, MAX_POLICY_VALUES } from '../../src/policy/policy-size.js';
import { type KeyPath, parseToml } from '../../src/policy/toml.js';
import { alternatives } from '../support/thorough.js';

/** A place as `line:column+length`. */
type Place = string;

function places(source: string, path: KeyPath): { key: Place; value: Place } {
  const document = parseToml(source, 'p.toml');
  const { file, line, column, length } = document.keyAt(path);
  const value = document.valueAt(path);
  assert.equal(file, 'p.toml');
  return {
    key: `${line}:${column}+${length}`,
    value: `${value.line}:${value.column}+${value.length}`,
  };
}

const PLACES: readonly [what: string, source: string, path: KeyPath, key: Place, value: Place][] = [
  ['a key on the first line', 'a = 5', ['a'], '1:1+1', '1:5+1'],
  ['a key on a later line', '\n\n  ab = 52', ['ab'], '3:3+2', '3:8+2'],
  ['a dotted key', 'a.b = true', ['a', 'b'], '1:3+1', '1:7+4'],
  ['the table that a dotted key makes', 'a.b = true', ['a'], '1:1+1', '1:1+1'],
  ['a dotted key with spaces', 'a . b = true', ['a', 'b'], '1:5+1', '1:9+4'],
  ['a quoted key', '"c d" = 1', ['c d'], '1:1+5', '1:9+1'],
  ['a literal key', "'c d' = 1", ['c d'], '1:1+5', '1:9+1'],
  ['a key with escapes', '"\\u0063" = 1', ['c'], '1:1+8', '1:12+1'],
  ['an empty key', '"" = 1', [''], '1:1+2', '1:6+1'],
  ['a string', 'a = "x\\ty" # c', ['a'], '1:1+1', '1:5+6'],
  ['a literal string', "a = 'x'", ['a'], '1:1+1', '1:5+3'],
  ['a string over several lines', 'a = """\nx"""\nb = 1', ['a'], '1:1+1', '1:5+1'],
  ['what follows a string over several lines', 'a = """\nx"""\nb = 1', ['b'], '3:1+1', '3:5+1'],
  ['a float', 'a = -1.5e3', ['a'], '1:1+1', '1:5+6'],
  ['a date', 'a = 2020-01-02', ['a'], '1:1+1', '1:5+10'],
  ['a list', 'a = [1, 2]', ['a'], '1:1+1', '1:5+6'],
  ['an element', 'a = [ "x" , "yz" ]', ['a', 1], '1:13+4', '1:13+4'],
  ['an element on a line of its own', 'a = [\n  1,\n  22,\n]', ['a', 1], '3:3+2', '3:3+2'],
  ['an element that is a list', 'a = [[1], [2, 33]]', ['a', 1, 1], '1:15+2', '1:15+2'],
  ['an inline table', 'a = { b = 1 }', ['a'], '1:1+1', '1:5+9'],
  ['a key of an inline table', 'a = { b = 12 }', ['a', 'b'], '1:7+1', '1:11+2'],
  ['a dotted key of an inline table', 'a = { b.c = 12 }', ['a', 'b', 'c'], '1:9+1', '1:13+2'],
  ['an inline table in a list', 'a = [{ b = 1 }, { b = 2 }]', ['a', 1, 'b'], '1:19+1', '1:23+1'],
  ['a table', '[x]\ny = 1', ['x'], '1:2+1', '1:2+1'],
  ['a key of a table', '[x]\ny = 1', ['x', 'y'], '2:1+1', '2:5+1'],
  ['a table in a table', '[x]\n[x.yz]', ['x', 'yz'], '2:4+2', '2:4+2'],
  ['a table before its parent', '[x.y]\n[x]\nz = 1', ['x'], '1:2+1', '1:2+1'],
  ['a header with spaces', '[ x . "y" ]\nz = 1', ['x', 'y'], '1:7+3', '1:7+3'],
  ['a list of tables', '[[t]]\n[[t]]', ['t'], '1:3+1', '1:3+1'],
  ['an element of a list of tables', '[[t]]\n[[t]]', ['t', 1], '2:3+1', '2:3+1'],
  ['a key in a list of tables', '[[t]]\na=1\n[[t]]\na=2', ['t', 1, 'a'], '4:1+1', '4:3+1'],
  ['a list of tables in one', '[[t]]\n[[t]]\n[[t.u]]\na=1', ['t', 1, 'u', 0, 'a'], '4:1+1', '4:3+1'],
  ['what is not there, by what holds it', '[x]\ny = 1', ['x', 'z'], '1:2+1', '1:2+1'],
  ['an element that is not there', 'a = [1]', ['a', 7], '1:1+1', '1:5+3'],
  ['what is nowhere', 'a = 1', ['b'], '1:1+1', '1:1+1'],
  ['the whole', 'a = 1', [], '1:1+1', '1:1+1'],
  ['what stands behind a byte order mark', '\ufeffa = 1', ['a'], '1:1+1', '1:5+1'],
  ['lines that end in CR LF', '# c\r\na = 1\r\nb = 2\r\n', ['b'], '3:1+1', '3:5+1'],
  ['what follows wide characters', 'a = "é😀"\nb = [ "é😀", 2 ]', ['b', 1], '2:14+1', '2:14+1'],
];

for (const [what, source, path, key, value] of PLACES) {
  test(`the place of ${what}`, () => {
    assert.deepEqual(places(source, path), { key, value });
  });
}

test("values become JavaScript's, and numbers that it would round bigint", () => {
  const source = [
    's = "a\\u00e9"',
    'b = true',
    'i = 0xff',
    'big = 0x7fffffffffffffff',
    'l = [1, "a", [true]]',
    't.u = 1',
    'e = []',
  ].join('\n');
  const { data } = parseToml(source, 'p.toml');
  assert.deepEqual(JSON.parse(JSON.stringify({ ...data, big: String(data.big) })), {
    s: 'aé',
    b: true,
    i: 255,
    big: '9223372036854775807',
    l: [1, 'a', [true]],
    t: { u: 1 },
    e: [],
  });
  assert.equal(typeof data.big, 'bigint');
  assert.deepEqual(parseToml('big = 0x7fff_ffff_ffff_ffff', 'p.toml').data, {
    big: 0x7fffffffffffffffn,
  });
});

const WRONG: readonly (readonly [source: string, place: Place, message: string])[] = [
  ['a = 1\na = 2', '2:1+1', "the key 'a' is already defined"],
  ['a.b = 1\na.b = 2', '2:1+1', "the key 'a.b' is already defined"],
  ['a = 1\na.b = 2', '2:1+1', "the key 'a.b' is already defined"],
  ['a = { b = 1, b = 2 }', '1:14+1', "the key 'b' is already defined"],
  ['[x]\na=1\n[x]', '3:2+1', "the key 'x' is already defined"],
  ['x = 1\n[x]', '2:2+1', "the key 'x' is already defined"],
  ['x = [1]\n[[x]]', '2:3+1', "the key 'x' is already defined"],
  ['x = 1\n[x.y]', '2:2+1', "the key 'x' is already defined"],
  ['@a = 1', '1:1+1', "unknown character '@'"],
  ['a = "\\q"', '1:7+1', "unknown escape character: 'q'"],
  ['a = 2020-99-99', '1:5+1', 'invalid Datetime'],
  ['b = 1\na = 2020-99-99', '2:5+1', 'invalid Datetime'],
  ['a = "x', '1:7+1', 'unterminated string'],
  ['a', '1:2+1', 'key ended without value'],
  ['a\n', '1:2+1', 'invalid character, expected "="'],
  ['[a', '1:3+1', 'key ended without value'],
  ['a =', '1:4+1', 'key without value'],
  ['a = [1,,2]', '1:8+1', 'unexpected character, expecting string, number'],
  ['x\n= 1', '1:2+1', 'invalid character, expected "="'],
  ['a = "\u0000"', '1:6+1', 'control characters'],
  // With and without an end of the last line.
  ...['', '\n', ' # b'].flatMap((end) => [
    [`a = ${'9'.repeat(400)}${end}`, '1:5+400', 'an integer has at most 64 bits, sign included'] as const,
    [`a = 0b${'1'.repeat(70)}${end}`, '1:5+72', 'an integer has at most 64 bits, sign included'] as const,
  ]),
];

/** Values without the quotes that TOML wants, and the hints. */
const BARE: readonly [source: string, place: Place, word: string, hint: string][] = [
  ['a = yes', '1:5+3', 'yes', 'write true'],
  ['a = no', '1:5+2', 'no', 'write false'],
  ['[x]\nb = 1\na = True # b\n', '3:5+4', 'True', 'write true'],
  ['a=off\n', '1:3+3', 'off', 'write false'],
  ['a = on', '1:5+2', 'on', 'write true'],
  ['a = truely', '1:5+6', 'truely', 'write "truely"'],
  ['a = strict', '1:5+6', 'strict', 'write "strict"'],
  ['a = n', '1:5+1', 'n', 'write false'],
  ['a = inside', '1:5+6', 'inside', 'write "inside"'],
  ['a = 5s', '1:5+2', '5s', 'write "5s"'],
  ['a = 1min', '1:5+4', '1min', 'write "1min"'],
  ['a = ~CAP_CHOWN', '1:5+10', '~CAP_CHOWN', 'write "~CAP_CHOWN"'],
  ['a = read-only\nb = 1', '1:5+9', 'read-only', 'write "read-only"'],
  ['a = [/run, "x"]', '1:6+4', '/run', 'write "/run"'],
  ['a = ["x",\n  @mount]', '2:3+6', '@mount', 'write "@mount"'],
  ['a = { b = yes }', '1:11+3', 'yes', 'write true'],
  ['a = \u00e9t\u00e9', '1:5+3', '\u00e9t\u00e9', 'write "\u00e9t\u00e9"'],
];

for (const [source, place, word, hint] of BARE) {
  test(`${JSON.stringify(source)}: ${hint}`, () => {
    assert.throws(
      () => parseToml(source, 'p.toml'),
      ({ diagnostics: [found] }: UserError) => {
        const { line, column, length } = found!.at!;
        assert.deepEqual(
          [`${line}:${column}+${length}`, found!.message, found!.hint],
          [place, `'${word}' is not a value`, hint],
        );
        return true;
      },
    );
  });
}

function failure(run: () => unknown): { code: string; place: Place; message: string; file: string } {
  try {
    run();
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    assert.equal(cause.diagnostics.length, 1);
    const { code, message, at } = cause.diagnostics[0]!;
    return { code, message, place: `${at!.line}:${at!.column}+${at!.length}`, file: at!.file };
  }
  return assert.fail('nothing is wrong');
}

for (const [source, place, message] of WRONG) {
  test(`${JSON.stringify(source)} is no TOML: ${message}`, () => {
    const found = failure(() => parseToml(source, 'p.toml'));
    assert.deepEqual(
      { ...found, message: found.message.slice(0, message.length) },
      { code: 'policy-syntax', place, message, file: 'p.toml' },
    );
  });
}

/** Sources that would change the runtime's own objects, or hide a key from the checks, with the place of the name. */
const PROTOTYPES: readonly [source: string, name: string, place: Place][] = [
  ['constructor.x = 1', 'constructor', '1:1+11'],
  ['a.constructor.x = 1', 'constructor', '1:3+11'],
  ['[constructor]\nx = 1', 'constructor', '1:2+11'],
  ['[a.constructor]\nx = 1', 'constructor', '1:4+11'],
  ['[[constructor]]\nx = 1', 'constructor', '1:3+11'],
  ['a = { constructor.x = 1 }', 'constructor', '1:7+11'],
  ['a = [{ constructor.x = 1 }]', 'constructor', '1:8+11'],
  ['[toString]\ncall = "x"', 'toString', '1:2+8'],
  ['[a]\ntoString.call = 1', 'toString', '2:1+8'],
  ['hasOwnProperty = 1', 'hasOwnProperty', '1:1+14'],
  ['[valueOf.x]', 'valueOf', '1:2+7'],
  ['__proto__ = 1', '__proto__', '1:1+9'],
  ['"__proto__" = 1', '__proto__', '1:1+11'],
  ['"\\u005f_proto__" = 1', '__proto__', '1:1+16'],
  ['__proto__.polluted = 1', '__proto__', '1:1+9'],
  ['[__proto__]\npolluted = 1', '__proto__', '1:2+9'],
  ['[[__proto__]]\npolluted = 1', '__proto__', '1:3+9'],
  ['a = { __proto__ = 1 }', '__proto__', '1:7+9'],
  ['a.__proto__.b = 1', '__proto__', '1:3+9'],
];

/** Every own property of the objects that a parser could reach by inherited names. */
function builtIns(): unknown[] {
  const objects = [Object, Object.prototype, Array, Array.prototype, Function.prototype];
  const functions = Object.values(Object.getOwnPropertyDescriptors(Object.prototype)).flatMap(
    ({ value, get, set }) => [value, get, set].filter((f) => typeof f === 'function'),
  );
  return [...objects, ...functions].map((object) => Object.getOwnPropertyDescriptors(object));
}

for (const [source, name, place] of PROTOTYPES) {
  test(`${JSON.stringify(source)} is refused and changes no built-in object`, () => {
    const before = builtIns();
    assert.deepEqual(
      failure(() => parseToml(source, 'p.toml')),
      { code: 'policy-syntax', place, message: `the key '${name}' is not allowed`, file: 'p.toml' },
    );
    assert.deepEqual(builtIns(), before);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });
}

/** Hostile texts of about n characters. */
const SHAPES: Readonly<Record<string, (n: number) => string>> = {
  'nested lists': (n) => `a = ${'['.repeat(n / 2)}${']'.repeat(n / 2)}`,
  'nested inline tables': (n) => `a = ${'{a='.repeat(n / 4)}1${'}'.repeat(n / 4)}`,
  'one dotted key': (n) => `a${'.a'.repeat(n / 2)} = 1`,
  'one deep table': (n) => `[a${'.a'.repeat(n / 2)}]\nb = 1`,
  'many keys': (n) => Array.from({ length: n / 8 }, (_, i) => `k${i} = 1`).join('\n'),
  'many dotted keys': (n) => Array.from({ length: n / 10 }, (_, i) => `a.k${i} = 1`).join('\n'),
  'many elements': (n) => `a = [${'1,'.repeat(n / 2)}]`,
  'many tables': (n) => Array.from({ length: n / 6 }, (_, i) => `[t${i}]`).join('\n'),
  'many tables of one list': (n) => '[[t]]\n'.repeat(n / 6),
  'a long string': (n) => `a = "${'x'.repeat(n)}"`,
  'a long comment': (n) => `#${'x'.repeat(n)}\na = 1`,
  'empty lines': (n) => '\n'.repeat(n),
  'open lists': (n) => `a = ${'['.repeat(n)}`,
  'open headers': (n) => '[\n'.repeat(n / 2),
};

interface Countable {
  runOne: () => unknown;
}

/** How often the parser steps. */
function steps(source: string): number {
  const prototype = TomlParser.prototype as unknown as Countable;
  const original = prototype.runOne;
  let count = 0;
  const base = Object.getPrototypeOf(prototype) as Countable;
  prototype.runOne = function (this: object) {
    count++;
    return base.runOne.call(this);
  };
  try {
    parseToml(source, 'p.toml');
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
  } finally {
    if (Object.is(original, base.runOne)) delete (prototype as Partial<Countable>).runOne;
    else prototype.runOne = original;
  }
  return count;
}

for (const [name, shape] of alternatives(Object.entries(SHAPES), 3)) {
  test(`${name} take steps in proportion to their size, and a megabyte of them is read`, () => {
    const [small, large] = [steps(shape(20_000)), steps(shape(40_000))];
    assert.ok(large <= 2 * small + 20, `${small} steps for a text, ${large} for one twice as long`);
    const whole = shape(MAX_POLICY_SIZE).slice(0, MAX_POLICY_SIZE);
    assert.ok(steps(whole) > 0);
  });
}

test('a text that is too large is refused unread', () => {
  const wanted = {
    code: 'policy-syntax',
    place: '1:1+undefined',
    message: 'the file is larger than 1048576 bytes',
    file: 'p.toml',
  };
  const found = failure(() => parseToml(`#${'x'.repeat(MAX_POLICY_SIZE)}`, 'p.toml'));
  assert.deepEqual(found, wanted);
  assert.deepEqual(
    failure(() => decodePolicy(new Uint8Array(MAX_POLICY_SIZE + 1), 'p.toml')),
    wanted,
  );
});

test('a text with too many values is refused', () => {
  const list = (count: number) => `a = [${Array(count).fill('1').join(',')}]`;
  // The table of the file and the list are values too.
  assert.doesNotThrow(() => parseToml(list(MAX_POLICY_VALUES - 2), 'p.toml'));
  const { code, message } = failure(() => parseToml(list(MAX_POLICY_VALUES - 1), 'p.toml'));
  assert.deepEqual([code, message], ['policy-syntax', 'the file has more than 5000 values']);
});

test('bytes that are not UTF-8 are refused', () => {
  for (const bytes of [[0x61, 0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    assert.deepEqual(
      failure(() => decodePolicy(Uint8Array.from(bytes), 'p.toml')),
      {
        code: 'policy-syntax',
        place: '1:1+undefined',
        message: 'the file is not UTF-8 text',
        file: 'p.toml',
      },
    );
  }
});

test('UTF-8 is decoded without its byte order mark', () => {
  const bytes = new TextEncoder().encode('\ufeffa = "é😀"');
  assert.equal(decodePolicy(bytes, 'p.toml'), 'a = "é😀"');
});
