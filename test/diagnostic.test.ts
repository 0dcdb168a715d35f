import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Diagnostic,
  diagnosticsJson,
  didYouMean,
  EXIT,
  error,
  firstOf,
  hasErrors,
  inOrder,
  MAX_FINDINGS,
  nearest,
  note,
  printable,
  printableJson,
  renderDiagnostic,
  UserError,
  warning,
} from '../src/diagnostic.js';
import { PLAIN } from '../src/theme.js';

const at = (line: number, column: number, length?: number) =>
  length === undefined ? { file: 'p.toml', line, column } : { file: 'p.toml', line, column, length };

const render = (text: string, d: Diagnostic) => renderDiagnostic(d, new Map([['p.toml', text]]));

const FRAMES: readonly [name: string, text: string, place: ReturnType<typeof at>, frame: string][] = [
  ['one character', 'abc', at(1, 2), '  1 | abc\n    |  ^'],
  ['a word', 'a = "uname"', at(1, 5, 7), '  1 | a = "uname"\n    |     ^^^^^^^'],
  ['a line far down', `${'\n'.repeat(99)}x = 1`, at(100, 1), '  100 | x = 1\n      | ^'],
  ['the end of a line', 'ab', at(1, 3), '  1 | ab\n    |   ^'],
  ['a length beyond the line', 'abc', at(1, 2, 90), '  1 | abc\n    |  ^^'],
  ['a tab before the place', '\ta = 1', at(1, 2), '  1 |  a = 1\n    |  ^'],
  ['a line that ends in CR LF', 'a\r\nb\r\n', at(2, 1), '  2 | b\n    | ^'],
  [
    'characters that would turn the text around',
    'x = "\u202eab" y',
    at(1, 11),
    '  1 | x = "\\u202eab" y\n    |                ^',
  ],
  ['control characters under the caret', '\u0001b', at(1, 1), '  1 | \\x01b\n    | ^^^^'],
];

for (const [name, text, place, frame] of FRAMES) {
  test(`the frame of ${name}`, () => {
    assert.equal(
      render(text, error('policy-value', 'wrong', { at: place })),
      `p.toml:${place.line}:${place.column}: error[policy-value]: wrong\n${frame}`,
    );
  });
}

test('a list the caret is below the word that is wrong', () => {
  const text = 'S = ["CAP_KILL", "CAP_CHWON"]';
  const found = error('directive-value', "'S' expects capabilities, not 'CAP_CHWON'", { at: at(1, 5, 25) });
  assert.deepEqual(render(text, found).split('\n'), [
    `p.toml:1:19: error[directive-value]: ${found.message}`,
    `  1 | ${text}`,
    `    | ${' '.repeat(18)}^^^^^^^^^`,
  ]);
  const alone = { ...found, at: at(1, 5, 13) };
  assert.match(render('S = ["CAP_CHWON"]', alone), /^p\.toml:1:5: /);
});

test('of a line too long for the terminal is shown around the place', () => {
  const text = Array.from({ length: 30 }, (_, i) => `w${i + 10}`).join(' ');
  const look = { ...PLAIN, columns: 40 };
  for (let column = 1; column <= text.length + 1; column++) {
    const found = error('policy-value', 'wrong', { at: at(1, column, 3) });
    const [, line, carets] = renderDiagnostic(found, new Map([['p.toml', text]]), look).split('\n');
    assert.ok(line!.length <= 40 && carets!.length <= 40, line);
    const pointed = line!.slice(carets!.indexOf('^'), carets!.lastIndexOf('^') + 1);
    assert.equal(pointed, text.slice(column - 1, column + 2), `${column}`);
    assert.equal(line!.startsWith('  1 | w10'), !line!.startsWith('  1 | …'));
  }
  const whole = error('policy-value', 'wrong', { at: at(1, 1, text.length) });
  const [, line, carets] = renderDiagnostic(whole, new Map([['p.toml', text]]), look).split('\n');
  assert.match(line!, /…$/);
  assert.ok(carets!.length < line!.length && carets!.includes('^^^'));
});

test('a diagnostic without a place is one line, with its hint below', () => {
  assert.equal(renderDiagnostic(warning('open-door', 'looks odd')), 'warning[open-door]: looks odd');
  assert.equal(
    renderDiagnostic(note('hosts', 'so', { hint: 'do this' })),
    'note[hosts]: so\n  hint: do this',
  );
  assert.equal(
    renderDiagnostic(error('policy-value', 'wrong', { at: at(1, 1), hint: 'do this' })),
    'p.toml:1:1: error[policy-value]: wrong\n  hint: do this',
  );
});

test('text has the lines of a long hint, JSON the hint alone', () => {
  const d = {
    ...error('policy-value', 'wrong'),
    hint: 'do this, or that',
    hintLines: ['do this,', 'or that'],
  };
  assert.equal(renderDiagnostic(d), 'error[policy-value]: wrong\n  hint: do this,\n        or that');
  assert.deepEqual(diagnosticsJson([d]), [
    { severity: 'error', code: 'policy-value', message: 'wrong', hint: 'do this, or that' },
  ]);
});

test('a missing line, or one too long for a terminal, has no frame', () => {
  const header = (line: number) => `p.toml:${line}:1: error[policy-value]: wrong`;
  assert.equal(render('one line', error('policy-value', 'wrong', { at: at(7, 1) })), header(7));
  assert.equal(render('x'.repeat(301), error('policy-value', 'wrong', { at: at(1, 1) })), header(1));
  assert.notEqual(render('x'.repeat(300), error('policy-value', 'wrong', { at: at(1, 1) })), header(1));
});

test("text from outside stays on its line and can't control the terminal", () => {
  const hostile = 'a\nb\r\u0000\u001b[31m\u009b\u2028\u202e\u2066';
  const d = error('policy-value', hostile, { at: { file: hostile, line: 1, column: 1 }, hint: hostile });
  const shown = 'a\\x0ab\\x0d\\x00\\x1b[31m\\x9b\\u2028\\u202e\\u2066';
  const head = `${shown}:1:1: error[policy-value]: ${shown}`;
  assert.equal(renderDiagnostic(d), `${head}\n  hint: ${shown}`);
  const twice = { ...d, hintLines: [hostile, hostile] };
  assert.equal(renderDiagnostic(twice), `${head}\n  hint: ${shown}\n        ${shown}`);
});

test('long text is cut', () => {
  assert.equal(printable('x'.repeat(201)), `${'x'.repeat(200)}…`);
  assert.equal(printable('x'.repeat(200)), 'x'.repeat(200));
  assert.equal(printable('é😀', 2), 'é…');
});

/** Characters that are drawn as nothing, in another place, or differently everywhere, and how they are shown. */
const UNSEEN: readonly [what: string, characters: string, shown: string][] = [
  ['control characters', '\0\x07\x7f\x85', '\\x00\\x07\\x7f\\x85'],
  ['blanks without width', '\u200b\u2060\ufeff', '\\u200b\\u2060\\ufeff'],
  ['joiners', '\u200c\u200d', '\\u200c\\u200d'],
  [
    'directions',
    '\u061c\u200e\u200f\u202a\u202e\u2066\u2069',
    '\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069',
  ],
  ['tags', '\u{e0001}\u{e0061}\u{e007f}', '\\U000e0001\\U000e0061\\U000e007f'],
  ['variation selectors', '\ufe0f\u{e0100}\u180b', '\\ufe0f\\U000e0100\\u180b'],
  ['fillers', '\u3164\u115f\uffa0', '\\u3164\\u115f\\uffa0'],
  ['hyphens that are not drawn', '\xad\u034f', '\\xad\\u034f'],
  ['line separators', '\u2028\u2029', '\\u2028\\u2029'],
  ['private characters', '\ue000\u{f0000}', '\\ue000\\U000f0000'],
  ['unassigned ones', '\u0378\uffff\u{1fffe}', '\\u0378\\uffff\\U0001fffe'],
  ['halves of characters', '\ud83d.\ude00', '\\ud83d.\\ude00'],
  ['a heap of marks', `a${'\u0301'.repeat(6)}b`, `a${'\u0301'.repeat(4)}\\u0301\\u0301b`],
];

for (const [what, characters, shown] of UNSEEN) {
  test(`in a text, ${what} are shown by their numbers`, () => {
    assert.equal(printable(`x${characters}y`), `x${shown}y`);
    const json = JSON.stringify({ x: characters }, undefined, 2);
    const seen = printableJson(json);
    assert.deepEqual(
      seen
        .split('\n')
        .map((line) => printable(line))
        .join('\n'),
      seen,
    );
    assert.deepEqual([seen.split('\n').length, JSON.parse(seen)], [3, { x: characters }]);
  });
}

test('JSON escapes characters without changing the meaning', () => {
  const value = fc.anything({ key: fc.string({ unit: 'binary' }), values: [fc.string({ unit: 'binary' })] });
  fc.assert(
    fc.property(value, (any) => {
      const json = JSON.stringify([any], undefined, 2);
      assert.deepEqual(JSON.parse(printableJson(json)), JSON.parse(json));
    }),
  );
  assert.equal(printableJson('"\\\\\u009b\u{e0041}é"'), '"\\\\\\u009b\\udb40\\udc41é"');
});

test('letters of any language and symbols stay as they are', () => {
  const words = [
    'naïve',
    'nai\u0308ve',
    'tiê\u0301ng',
    'Ελληνικά',
    'русский',
    'עִבְרִית',
    'العَرَبِيَّة',
    'हिन्दी',
    'ไทยที่',
    '中文',
    '日本語',
    '한국어',
  ];
  for (const word of [...words, '😀', '→ “…” €', 'a\u00a0b', '\\x41']) assert.equal(printable(word), word);
});

test('a text with many diagnostics is split into lines once', () => {
  let splits = 0;
  class Counted extends String {
    override split(separator: never): string[] {
      splits++;
      return super.split(separator);
    }
  }
  const text = new Counted('a\n'.repeat(1000)) as unknown as string;
  const sources = new Map([['p.toml', text]]);
  for (let line = 1; line <= 1000; line++) {
    assert.equal(
      renderDiagnostic(error('policy-value', 'wrong', { at: at(line, 1) }), sources).split('\n')[1],
      `  ${line} | a`,
    );
  }
  assert.equal(splits, 1);
});

const NAMES = ['execve', 'execveat', 'write', 'writev', 'uname', 'AF_INET', 'AF_INET6'];

const MEANT: readonly [word: string, meant: string | undefined][] = [
  ['exceve', 'execve'],
  ['execv', 'execve'],
  ['execvaet', 'execveat'],
  ['wirte', 'write'],
  ['UNAME', 'uname'],
  ['af_inet', 'AF_INET'],
  ['unane', 'uname'],
  ['un', undefined],
  ['', undefined],
  ['mount', undefined],
  ['zzzzzz', undefined],
  ['uname'.padEnd(65, 'x'), undefined],
];

for (const [word, meant] of MEANT) {
  test(`'${word.slice(0, 12)}' ${meant ? `is taken for '${meant}'` : 'is like no candidate'}`, () => {
    assert.equal(nearest(word, NAMES), meant);
    assert.equal(didYouMean(word, NAMES), meant && `did you mean '${meant}'?`);
  });
}

/** Edit distance by its definition, with swaps of neighbours. */
function distance(a: string, b: string): number {
  const known = new Map<string, number>();
  const at = (i: number, j: number): number => {
    if (i === 0 || j === 0) return i + j;
    const key = `${i} ${j}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const options = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)];
    if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) options.push(at(i - 2, j - 2) + 1);
    known.set(key, Math.min(...options));
    return known.get(key)!;
  };
  return at(a.length, b.length);
}

test('the suggestion is the only candidate with that beginning, or the first of the nearest, at most a third of the word away', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 8 }), (typed, candidates) => {
      const limit = Math.max(1, Math.floor(typed.length / 3));
      const distances = candidates.map((candidate) => distance(typed, candidate));
      const least = Math.min(...distances, limit + 1);
      const near = least > limit ? undefined : candidates[distances.indexOf(least)];
      const begun = candidates.filter((candidate) => typed.length >= 4 && candidate.startsWith(typed));
      assert.equal(nearest(typed, candidates), begun.length === 1 ? begun[0] : near);
    }),
    { numRuns: 1000, examples: [['bbbc', ['bbbcaa']]] },
  );
});

test('a UserError has diagnostics, an exit status and the texts that they point into', () => {
  const [a, b] = [error('unknown-key', 'first'), note('hosts', 'second')];
  const one = new UserError(a!);
  assert.deepEqual(
    [one.message, one.diagnostics, one.exit, one.sources],
    ['first', [a], EXIT.findings, new Map()],
  );
  const sources = new Map([['p.toml', 'x']]);
  const two = new UserError([a!, b!], EXIT.failure, sources);
  assert.deepEqual(
    [two.message, two.diagnostics, two.exit, two.sources],
    ['first\nsecond', [a, b], EXIT.failure, sources],
  );
  assert.ok(two instanceof Error);
});

test('only the severity error counts as an error', () => {
  assert.equal(hasErrors([]), false);
  assert.equal(hasErrors([warning('open-door', ''), note('hosts', '')]), false);
  assert.equal(hasErrors([warning('open-door', ''), error('unknown-key', '')]), true);
});

test('diagnostics are sorted by file and place, without duplicates; those without a place come last', () => {
  const list: readonly (readonly [name: string, file?: string, line?: number, column?: number])[] = [
    ['none-b'],
    ['z3', 'z', 3, 1],
    ['a1', 'a', 1, 1],
    ['z1b', 'z', 1, 10],
    ['none-a'],
    ['z1a', 'z', 1, 9],
    ['z3', 'z', 3, 1],
    ['z3-else', 'z', 3, 1],
    ['none-b'],
  ];
  const diagnostics = list.map(([message, file, line, column]) =>
    error('unknown-key', message, file === undefined ? {} : { at: { file, line: line!, column: column! } }),
  );
  const messages = ['z1a', 'z1b', 'z3', 'z3-else', 'a1', 'none-b', 'none-a'];
  const found = inOrder(diagnostics).map(({ message }) => message);
  assert.deepEqual(found, messages);
  assert.deepEqual(
    diagnosticsJson(diagnostics).map(({ message }) => message),
    messages,
  );
});

test('missing fields of a diagnostic are no keys', () => {
  assert.deepEqual(Object.keys(error('unknown-key', 'm', { hint: undefined, at: undefined })), [
    'severity',
    'code',
    'message',
  ]);
});

test('of many findings the first are printed, with the number of the others', () => {
  let worded = 0;
  function* many(count: number) {
    for (; worded < count; worded++)
      yield warning('open-door', `odd ${worded}`, { at: { file: 'f', line: worded, column: 1 } });
  }
  assert.equal(firstOf(many(MAX_FINDINGS)).length, MAX_FINDINGS);
  worded = 0;
  const found = firstOf(many(70_000));
  assert.equal(worded, MAX_FINDINGS);
  assert.deepEqual([found.length, found[0]?.message], [MAX_FINDINGS + 1, 'odd 0']);
  const { severity, code, at } = found.at(-1)!;
  assert.deepEqual([severity, code, at?.line], ['error', 'too-many', MAX_FINDINGS]);
});
