import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { busAnswer } from '../../../src/machine/recorded/bus-answer.js';

const answer = (type: string, ...data: unknown[]) => busAnswer(JSON.stringify({ type, data }));

const isRefused = (text: string) =>
  assert.throws(
    () => busAnswer(text),
    (cause) => cause instanceof UserError && cause.diagnostics[0]?.code === 'bad-file',
    text.slice(0, 100),
  );

test("values have the bus's types", () => {
  assert.deepEqual(answer('sogbuiynqh', 's', '/o', 'g', true, 1, -1, 2, -2, 3, 4), [
    ...['s', '/o', 'g', true, 1, -1, 2, -2, 3, 4],
  ]);
  assert.deepEqual(answer('tx', 7, -7), [7n, -7n]);
  assert.deepEqual(answer('as(sb)a(ss)', ['a'], ['b', false], [['c', 'd']]), [
    ...[['a'], ['b', false], [['c', 'd']]],
  ]);
  assert.deepEqual(answer(''), []);
});

test('64-bit numbers are exact, and texts that look like them are texts', () => {
  const text = `{"type":"tttxsd","data":[18446744073709551615,9007199254740993,1234567890123456,-9223372036854775808,"18446744073709551615",1.5e300]}`;
  assert.deepEqual(busAnswer(text), [
    ...[18446744073709551615n, 9007199254740993n, 1234567890123456n, -9223372036854775808n],
    ...['18446744073709551615', 1.5e300],
  ]);
});

test('long numbers beside quotes and backslashes are unchanged', () => {
  for (const said of ['a\\', '"', '\\"', '\\\\', '\\\\"1234567890123456789', 'x": 1234567890123456789, "'])
    assert.deepEqual(busAnswer(`{"type":"st","data":[${JSON.stringify(said)},1234567890123456789]}`), [
      ...[said, 1234567890123456789n],
    ]);
});

test('doubles are numbers, whole or not', () => {
  assert.deepEqual(busAnswer('{"type":"ddd","data":[1,0.25,1.0]}'), [1, 0.25, 1]);
});

test('variants have their types, also nested', () => {
  const inner = { type: 'a(ss)', data: [['a', 'b']] };
  assert.deepEqual(answer('v', { type: 'v', data: inner }), [
    { signature: 'v', value: { signature: 'a(ss)', value: [['a', 'b']] } },
  ]);
});

test('keys of a dictionary are own properties, whatever their name', () => {
  const text = '{"type":"a{sv}","data":[{"__proto__":{"type":"s","data":"x"},"Id":{"type":"t","data":1}}]}';
  const [table] = busAnswer(text) as [Record<string, unknown>];
  assert.deepEqual(Object.keys(table), ['__proto__', 'Id']);
  assert.equal(Object.getPrototypeOf(table), Object.prototype);
  assert.equal(({} as Record<string, unknown>).signature, undefined);
});

test('an invalid answer is refused', () => {
  const wrong: [string, ...unknown[]][] = [
    ...[['s'], ['s', 1], ['s', 'a', 'b'], ['u', '1'], ['b', 1], ['b', 'true'], ['t', 1.5]],
    ...[
      ['t', 'x'],
      ['t', '9'.repeat(30)],
      ['d', '1'],
      ['as', 'a'],
      ['as', [1]],
      ['(ss)', ['a']],
    ],
    ...[
      ['a{sv}', [1]],
      ['a{sv}', null],
      ['v', 'a'],
      ['v', { data: 1 }],
      ['v', { type: 'ss', data: ['a', 'b'] }],
    ],
    ...[
      ['(s', ['a']],
      ['a', []],
      ['z', 1],
      ['{sv}', {}],
      ['s', null],
      ['v', { type: '', data: [] }],
    ],
  ] as [string, ...unknown[]][];
  for (const [type, ...data] of wrong) isRefused(JSON.stringify({ type, data }));
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    '{"type":1,"data":[]}',
    '{"type":"s","data":"x"}',
    '{"type":"s"',
  ])
    isRefused(text);
  isRefused(JSON.stringify({ type: 'a'.repeat(300), data: [[]] }));
});

test('hostile texts are refused quickly and in little memory', () => {
  isRefused(`"${'\\"'.repeat(1 << 20)}`);
  isRefused(`{"type":"s","data":["${'\\\\'.repeat(1 << 20)}`);
  isRefused(`${'['.repeat(1 << 20)}1234567890123456789`);
  let deep = '{"type":"s","data":"x"}';
  for (let i = 0; i < 20_000; i++) deep = `{"type":"v","data":${deep}}`;
  isRefused(`{"type":"v","data":[${deep}]}`);
  const arrays = 200;
  let wide = '{"type":"s","data":"x"}';
  for (let i = 0; i < 60; i++)
    wide = `{"type":"${'a'.repeat(arrays)}v","data":${'['.repeat(arrays)}${wide}${']'.repeat(arrays)}}`;
  isRefused(`{"type":"v","data":[${wide}]}`);
  const long = '\\\\'.repeat(1 << 20);
  const [said, number] = busAnswer(`{"type":"st","data":["${long}",1234567890123456789]}`);
  assert.deepEqual([(said as string).length, number], [1 << 20, 1234567890123456789n]);
});
