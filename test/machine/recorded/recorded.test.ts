import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFacts } from '../../../src/machine/recorded/facts-file.js';
import { Recorded } from '../../../src/machine/recorded/recorded.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { FIRST_LINE, factLine, listed, looked, packed, piece } from '../../support/facts-lines.js';
import { failure } from '../../support/failure.js';

const CLOCK = { now: () => 7 };

const machine = (...lines: string[]) =>
  new Recorded(parseFacts(new Map([['facts', FIRST_LINE + lines.join('')]])), CLOCK);

/** What is still to be asked. */
const openOf = (system: Recorded) => system.unanswered;

const textOf = (file: { readonly bytes: Uint8Array } | undefined) =>
  file && new TextDecoder().decode(file.bytes);

/** The questions of a command line for the script. */
const asked = (words: readonly string[] | undefined): string[] => {
  const [option, packedQuestions] = words ?? [];
  assert.equal(option, '--ask');
  return Buffer.from(packedQuestions!, 'base64').toString().trimEnd().split('\n');
};

test('an unanswered question is kept, with the words that ask it', async () => {
  const system = machine();
  assert.ok(!openOf(system));
  assert.equal(await system.read('/etc/a b\\c', { limit: 9 }), undefined);
  assert.deepEqual(await system.list('/d'), []);
  const questions = ['read 0 10 /etc/a b\\c', 'list /d'];
  assert.deepEqual([openOf(system)?.host, openOf(system)?.questions], ['web1', questions]);
  assert.deepEqual(asked(openOf(system)?.words), questions);
});

test('many questions are asked in turn: a command line has limited room', async () => {
  const system = machine();
  const name = 'x'.repeat(200);
  for (let i = 0; i < 1000; i++) await system.list(`/${name}/${i}`);
  const { questions, words } = openOf(system)!;
  assert.equal(questions.length, 1000);
  assert.ok(words![1]!.length < 128 << 10);
  const first = asked(words);
  assert.ok(first.length > 100);
  assert.deepEqual(first, questions.slice(0, first.length));
});

test('a question that the script would read as two is not asked', async () => {
  const system = machine();
  await system.list('/a\nlist /b');
  assert.equal(openOf(system)?.questions.length, 1);
  assert.equal(openOf(system)?.words, undefined);
});

test('a file is read from the available pieces', async () => {
  const system = machine(piece('/f', 'abcdef', { size: 4096 }), piece('/g', 'cde', { from: 2, size: 3 }));
  assert.equal(textOf(await system.read('/f')), 'abcdef');
  assert.equal(textOf(await system.read('/f', { from: 2, limit: 3, head: true })), 'cde');
  assert.equal(textOf(await system.read('/f', { from: 9, limit: 3, head: true })), '');
  assert.equal(textOf(await system.read('/g', { from: 3, limit: 2, head: true })), 'de');
  assert.deepEqual((await failure(system.read('/f', { limit: 5 })))[0], 'too-large');
  assert.ok(!openOf(system));
  assert.equal(await system.read('/g', { from: 4, limit: 2, head: true }), undefined);
  assert.deepEqual(openOf(system)?.questions, ['read 4 2 /g']);
});

test("a path that is no file, and a file that couldn't be read, are errors", async () => {
  const system = machine(
    piece('/dir', '', { type: '?' }),
    piece('/null', '', { type: 'c' }),
    factLine({ ask: 'read 0 1048577 /no', failed: 'i/o' }),
    factLine({ ask: 'read 0 1048577 /gone', absent: true }),
  );
  assert.deepEqual((await failure(system.read('/dir')))[0], 'bad-file');
  assert.equal(textOf(await system.read('/null')), '');
  assert.deepEqual((await failure(system.read('/no'))).slice(0, 2), ['unreadable', "can't read /no: i/o"]);
  assert.equal(await system.read('/gone'), undefined);
});

test('a file that other users than root can change is not trusted', async () => {
  const file = (path: string, facts: object) => looked(path, { type: 'f', mode: '644', ...facts });
  const system = machine(
    ...[looked('/'), looked('/etc'), file('/etc/ok', {}), file('/etc/bad', { uid: 7 })],
    ...[piece('/etc/ok', 'x'), piece('/etc/bad', 'x'), piece('/etc/unknown', 'x')],
  );
  assert.equal(textOf(await system.read('/etc/ok', { trusted: true })), 'x');
  assert.deepEqual((await failure(system.read('/etc/bad', { trusted: true })))[0], 'untrusted-file');
  await failure(system.read('/etc/unknown', { trusted: true }));
  assert.deepEqual(openOf(system)?.questions, ['look /etc/unknown']);
});

test('names are sorted, and links have their targets', async () => {
  const system = machine(
    listed('/d', [
      ['b', 'f', ''],
      ['a', 'l', '/x'],
      ['__proto__', 'l', '/y'],
    ]),
  );
  assert.deepEqual(await system.list('/d'), ['__proto__', 'a', 'b']);
  assert.deepEqual(
    [...(await system.links('/d'))],
    [
      ['a', '/x'],
      ['__proto__', '/y'],
    ],
  );
});

test('only programs that the script runs have answers', async () => {
  const system = machine(factLine({ ask: 'run version', status: 0, data: packed('systemd 257\n') }));
  assert.equal((await system.run(['systemd-analyze', '--version'])).stdout, 'systemd 257\n');
  assert.equal((await system.run(['rm', '-rf', '/'])).unstartable, true);
  assert.equal(openOf(system), undefined);
});

test("a manager's invalid answer is an error without a stack trace", async () => {
  for (const text of [
    '',
    '{}',
    '{"type":"","data":[]}',
    '{"type":"a{sv}","data":[{}]}',
    '{"type":"a{sv}","data":[{"Version":{"type":"u","data":1}}]}',
  ])
    assert.ok((await failure(machine(factLine({ ask: 'manager', data: packed(text) })).manager()))[0], text);
  const absent = machine(factLine({ ask: 'manager', failed: 'no bus' }));
  assert.deepEqual((await failure(absent.manager())).slice(0, 2), ['manager-refused', 'no bus']);
  const empty = machine();
  assert.equal((await failure(empty.unit('a.service')))[0], 'manager-refused');
  assert.deepEqual(openOf(empty)?.questions, ['unit a.service Unit', 'unit a.service Service']);
});

test('instances are asked for by a pattern in which a backslash is literal', async () => {
  const system = machine();
  await failure(system.instances(parseUnitName('a\\x2db@.service') as UnitName));
  assert.deepEqual(openOf(system)?.questions, ['units a\\x2db@*.service']);
});
