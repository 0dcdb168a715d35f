/** Tests of all of systemd/directives/values/: what the kinds of value have in common. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Directive, EnumValue, ValueReading } from '../../../src/systemd/directives/directive.js';
import { group } from '../../../src/systemd/directives/row.js';
import {
  limits,
  natural,
  parsePercent,
  parseSize,
  shareOf,
} from '../../../src/systemd/directives/values/amounts.js';
import {
  bitsOf,
  canonical,
  INFINITY,
  isBase64,
  withoutSpecifiers,
} from '../../../src/systemd/directives/values/bus.js';
import {
  closed,
  closedBy,
  hidden,
  openedPaths,
  readOnly,
} from '../../../src/systemd/directives/values/closed-paths.js';
import { listKind, pair, plainWords } from '../../../src/systemd/directives/values/list.js';
import { quotedWordsOf } from '../../../src/systemd/directives/values/quoted-words.js';
import { scalarKind } from '../../../src/systemd/directives/values/scalar.js';
import { gained, joined, signedList } from '../../../src/systemd/directives/values/signed-list.js';
import { fixed, weakestFirst } from '../../../src/systemd/directives/values/strictness.js';
import {
  absolutePath,
  byteLength,
  isUnicode,
  quoteWord,
  relativePath,
} from '../../../src/systemd/directives/values/text.js';
import { checkWord } from '../../../src/systemd/directives/values/words.js';
import { splitWords } from '../../../src/systemd/unit/exec/word.js';
import { valuesOf } from '../../support/planned.js';

const KIND = scalarKind({ type: 'text', signature: 's', format: () => [''], expected: (text) => text });

const row = (name: string, kind = KIND, traits = {}): Directive => group(traits, [name, 183, kind, ''])[0]!;

const reading = (name = 'X'): ValueReading => ({
  row: row(name),
  at: { file: 'p.toml', line: 1, column: 1 },
  problems: [],
  needs: [],
});

/** Compares right-hand sides of a made-up directive. */
const compare = (before: readonly string[], after: readonly string[]) => ({
  row: row('X'),
  ...{ before, after, emitted: after, unit: new Map<string, string[]>() },
});

test('amounts are read as by systemd, and never rounded', () => {
  assert.deepEqual(
    ['0', '7', '18446744073709551614', '18446744073709551615', '07', '+7', ' 7', ''].map(natural),
    [...[0n, 7n, 2n ** 64n - 2n], ...[undefined, undefined, undefined, undefined, undefined]],
  );
  assert.equal(parseSize('1.5K', 1024), 1536n);
  assert.equal(parseSize('1.5K', 1000), 1500n);
  assert.equal(
    parseSize('15.999999999E', 1024),
    (15n << 60n) + (999_999_999n * (1n << 60n)) / 1_000_000_000n,
  );
  for (const text of ['16E', '1k', '1.', '.5K', '1 K', '1KB', '-1'])
    assert.equal(parseSize(text, 1024), undefined, text);
  assert.equal(parsePercent('12.5%', 100), 1250);
  assert.equal(parsePercent('100.00%', 100), 10_000);
  for (const text of ['100.01%', '5', '1.234%', '-1%', '%'])
    assert.equal(parsePercent(text, 100), undefined, text);
  assert.equal(shareOf(10_000), 0xffffffffn);
});

test("a limit may be lowered; one that can't be compared counts as raised", () => {
  const { weaker } = limits((text) => {
    const number = natural(text);
    return number === undefined ? undefined : { share: text.startsWith('9'), numbers: [number] };
  });
  const found = (own: readonly string[], asked: string) => weaker(compare(own, [asked])) !== undefined;
  assert.deepEqual(
    [found([], '5'), found(['5', ''], '7'), found(['5'], '5'), found(['5'], '4')],
    [false, false, false, false],
  );
  assert.deepEqual(
    [found(['5'], '6'), found(['5'], 'infinity'), found(['5'], ''), found(['x'], '5')],
    [true, true, true, true],
  );
  // One is a share, the other isn't.
  assert.ok(found(['95'], '5'));
});

test("values of the bus are compared by value, not by JavaScript's type", () => {
  assert.equal(canonical([1n, [2, 'a']]), canonical([1, [2n, 'a']]));
  assert.equal(canonical(Uint8Array.of(1, 2)), canonical([1, 2]));
  assert.notEqual(canonical('1'), canonical(true));
  assert.deepEqual(
    bitsOf(INFINITY),
    Array.from({ length: 64 }, (_, bit) => bit),
  );
  assert.deepEqual([bitsOf(0), bitsOf(5n)], [[], [0, 2]]);
  assert.deepEqual(['%%', '100%% a', 'a%i', '%%%', '%'].map(withoutSpecifiers), [
    '%',
    '100% a',
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(['aGk=', 'aGkh', '', 'aGk', 'a===', 'aG k='].map(isBase64), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test('each directive that closes parts of the file system is known', () => {
  const by = (parts: typeof readOnly, lines: string, path: string) => closedBy(parts(valuesOf(lines)), path);
  const cases: readonly [parts: typeof readOnly, lines: string, path: string, by: string | undefined][] = [
    [readOnly, 'ProtectSystem=strict', '/srv', 'ProtectSystem'],
    [readOnly, 'ProtectSystem=strict', '/proc/1', undefined],
    [readOnly, 'ProtectSystem=1', '/usr/lib', 'ProtectSystem'],
    [readOnly, 'ProtectSystem=1', '/etc', undefined],
    [readOnly, 'ProtectSystem=strict\nProtectSystem=no', '/srv', undefined],
    [readOnly, 'DynamicUser=yes\nProtectSystem=no', '/srv', 'DynamicUser'],
    [readOnly, 'ReadOnlyPaths=-/srv', '/srv/a', 'ReadOnlyPaths'],
    [readOnly, 'ReadOnlyPaths=/srv', '/srva', undefined],
    [readOnly, 'ReadOnlyPaths=/srv', '%S/a', 'ReadOnlyPaths'],
    [readOnly, '', '%S/a', undefined],
    [hidden, 'RootDirectory=/', '/etc', undefined],
    [hidden, 'RootDirectory=/srv', '/etc', 'RootDirectory'],
    [hidden, 'ProtectHome=read-only', '/home/a', undefined],
    [hidden, 'ProtectHome=tmpfs', '/home/a', 'ProtectHome'],
    [hidden, 'PrivateTmp=disconnected', '/var/tmp/a', 'PrivateTmp'],
    [hidden, 'TemporaryFileSystem=/var:ro', '/var/a', 'TemporaryFileSystem'],
  ];
  for (const [parts, lines, path, wanted] of cases)
    assert.equal(by(parts, lines, path), wanted, `${lines} ${path}`);
  const parts = closed('ReadOnlyPaths', ['/srv/a']);
  assert.equal(closedBy(parts, '/srv'), undefined);
  assert.equal(closedBy(parts, '/srv', true), 'ReadOnlyPaths');
  assert.equal(openedPaths({ before: ['/srv'], after: ['/srv/a'] }, parts), undefined);
  assert.equal(
    openedPaths({ before: ['/srv', ''], after: ['/srv/a'] }, parts),
    "it opens '/srv/a', which the unit's 'ReadOnlyPaths' closes",
  );
});

const LIST = listKind({
  type: 'list',
  signature: 'as',
  format: () => [''],
  elements: (text) => plainWords(text),
});
const LIST_ROW = row('X', LIST, { reset: '' });

test('a list is joined; after a reset only later lines count', () => {
  const isLoaded = (values: readonly string[], there: readonly string[]) =>
    LIST.isLoaded!(LIST_ROW, values, () => there);
  assert.ok(isLoaded(['a', 'b'], ['x', 'b', 'a']));
  assert.ok(!isLoaded(['a', 'b'], ['a']));
  assert.ok(!isLoaded(['', 'a'], ['x', 'a']));
  assert.ok(isLoaded(['x', '', 'a'], ['a']));
  assert.ok(!isLoaded([''], ['x']));
  // A specifier may stand for anything.
  assert.ok(isLoaded(['', 'a %i'], ['a', 'x']));
  assert.equal(LIST.write(LIST_ROW, ['a %i'], 257), undefined);
  assert.deepEqual(LIST.write(LIST_ROW, ['a "b c"', '%%'], 257)![0]!.value, ['a', 'b c', '%']);
  const found = pair('a:b:c', (first, rest) => [first, rest]);
  assert.deepEqual(found, [['a', 'b:c']]);
  assert.deepEqual(
    pair('a', (first, rest) => [first, rest]),
    [['a', '']],
  );
});

test('the last assignment of a scalar wins, in each property that the version has', () => {
  const kind = scalarKind({
    type: 'x',
    signature: 's',
    format: () => [''],
    expected: (text) =>
      new Map([
        ['X', text],
        ['XEx', `${text}!`],
      ]),
  });
  const both = row('X', kind, { more: { end: 'Ex', signature: 's', since: 258 } });
  const written = (systemd: number) =>
    kind.write(both, ['a', 'b'], systemd)!.map(({ name, value }) => `${name}=${value}`);
  assert.deepEqual(written(257), ['X=b']);
  assert.deepEqual(written(258), ['X=b', 'XEx=b!']);
  const isLoaded = (properties: Readonly<Record<string, unknown>>) =>
    kind.isLoaded!(both, ['a', 'b'], (name) => properties[name]);
  assert.ok(isLoaded({ X: 'b' }) && isLoaded({ X: 'b', XEx: 'b!' }) && isLoaded({}));
  assert.ok(!isLoaded({ X: 'b', XEx: 'b' }) && !isLoaded({ X: 'a' }));
  assert.ok(kind.isLoaded!(both, [''], () => 'anything'));
});

test('the first assignment of a list with a sign says whether it allows; later ones remove names', () => {
  const shown = (values: readonly string[], emptied: 'all' | 'none') => {
    const { only, names } = joined(values, emptied);
    return `${only ? 'only' : 'all but'} ${[...names].join(' ')}`.trim();
  };
  assert.equal(shown([], 'none'), 'all but');
  assert.equal(shown(['a b', '~b'], 'none'), 'only a');
  assert.equal(shown(['~a b', 'b c'], 'none'), 'all but a');
  assert.equal(shown(['a', '', '~b'], 'none'), 'all but b');
  assert.equal(shown(['none', 'a'], 'none'), 'only a');
  assert.equal(shown(['a', '~a'], 'none'), 'only');
  assert.equal(shown(['a', '~a'], 'all'), 'all but');
  const only = (...names: string[]) => ({ only: true, names: new Set(names) });
  const allBut = (...names: string[]) => ({ only: false, names: new Set(names) });
  assert.deepEqual(gained(only('a'), only('a', 'b')), ['b']);
  assert.deepEqual(gained(only('a'), allBut('a')), ['everything that it does not list']);
  assert.deepEqual(gained(allBut('a', 'b'), only('a')), ['a']);
  assert.deepEqual(gained(allBut('a'), allBut('a', 'b')), []);
  assert.deepEqual(
    [signedList('~a "b c"'), signedList('none'), signedList('a')],
    [
      [false, ['a', 'b c']],
      [true, []],
      [true, ['a']],
    ],
  );
});

test('a value that others may depend on stays; of words the stricter stays', () => {
  assert.equal(fixed(compare([], ['a'])), undefined);
  assert.equal(fixed(compare(['-a'], ['a'])), undefined);
  assert.equal(fixed(compare(['a'], ['-a'])), "it replaces the unit's own 'a'");
  assert.equal(fixed(compare(['a'], [''])), "it removes the unit's own 'a'");
  const { weaker } = weakestFirst(['no', 'some', 'yes'], 'no');
  assert.equal(
    weaker(compare(['some', 'nonsense', 'constructor'], ['no'])),
    "the unit has 'some', which is more restrictive than 'no'",
  );
  assert.equal(weaker(compare(['no'], ['yes'])), undefined);
  assert.equal(
    weaker(compare(['on'], ['some'])),
    "the unit has 'yes', which is more restrictive than 'some'",
  );
});

test('a quoted word reads back unchanged, whatever it contains', () => {
  const unit = fc.oneof(
    fc.constantFrom(...'ab \'"\\:;#=,%é~'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1, maxLength: 12 }), (word) => {
      fc.pre(!/[\n\r\0]/.test(word) && !word.endsWith('\\'));
      assert.deepEqual(splitWords(quoteWord(word), { quotes: true, escapes: 'next' }), [word]);
    }),
  );
  assert.deepEqual(quotedWordsOf(['a "b\\tc"', "'d'"]), ['a', 'b\tc', 'd']);
  assert.deepEqual(quotedWordsOf(['"open', '\\q', 'a']), ['a']);
});

test('a text is measured in bytes, and contains nothing that systemd refuses', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => byteLength(text) === Buffer.byteLength(text)),
  );
  for (const text of ['\ud800', 'a\udfff', '\ufdd0', '\ufffe', '\u{1ffff}']) assert.ok(!isUnicode(text));
  for (const text of ['', 'é', '\u{10fffd}', '\ue000']) assert.ok(isUnicode(text));
});

test("a path is kept in systemd's form, and never leads up", () => {
  const path = (text: string) => absolutePath(reading(), text);
  assert.deepEqual(['//a/./b/', '/', '%S/a', '%t'].map(path), ['/a/b', '/', '%S/a', '%t']);
  assert.deepEqual(
    ['a', '', '/a/../b', '%i/a', '%z', `/${'é'.repeat(128)}`].map(path),
    new Array(6).fill(undefined),
  );
  assert.equal(absolutePath(reading(), '/%z', false), '/%z');
  const found = ['a//b/', './a'].map((text) => relativePath(reading(), text));
  assert.deepEqual(found, ['a/b', 'a']);
  assert.deepEqual(
    ['/a', '', '.', '../a'].map((text) => relativePath(reading(), text)),
    new Array(4).fill(undefined),
  );
});

test('a word of a table may need a newer systemd', () => {
  const table: readonly EnumValue[] = [{ value: 'old' }, { value: 'new', since: 258 }];
  const found = reading();
  assert.deepEqual(
    ['old', 'new', 'none'].map((word) => checkWord(found, word, table)),
    [true, true, false],
  );
  assert.deepEqual(found.needs, [{ since: 258, what: "the value 'new'" }]);
});
