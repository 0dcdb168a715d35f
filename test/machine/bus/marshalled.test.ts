import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { marshalled } from '../../../src/machine/bus/marshalled.js';

const require = createRequire(createRequire(import.meta.url).resolve('dbus-next'));
const marshall = require('./lib/marshall.js');

/** Values by signature, which are read as they were written. */
const VALUES: readonly [signature: string, values: unknown[]][] = [
  ['ybnqiu', [255, true, -2, 65535, -(2 ** 31), 2 ** 32 - 1]],
  ['yx', [1, -(2n ** 63n) + 1n]],
  ['yt', [1, 2n ** 64n - 1n]],
  ['yd', [1, 0.5]],
  ['sog', ['', '/a', 'a{sv}']],
  ['sas', ['é', ['', 'a b']]],
  [
    'ya(yt)',
    [
      1,
      [
        [2, 3n],
        [4, 5n],
      ],
    ],
  ],
  ['yat', [1, []]],
  ['(bas)y', [[true, []], 7]],
  ['aasu', [[['a'], [], ['b', 'c']], 7]],
];

for (const [signature, values] of VALUES)
  test(`values of ${signature} read back as they were written to the bus`, () => {
    assert.deepEqual(marshalled(marshall(signature, values, 0), true).values(signature), values);
  });

test('a big-endian value is read like a little-endian one', () => {
  assert.deepEqual(marshalled(Buffer.from([0, 0, 1, 2]), false).values('u'), [258]);
});

test('a table whose key is __proto__ has it as any other key', () => {
  const bytes = marshall('a{ss}', [[['__proto__', 'x']]], 0);
  const [table] = marshalled(bytes, true).values('a{ss}');
  assert.deepEqual(Object.entries(table as object), [['__proto__', 'x']]);
});

const [LONG, SHORT] = [Buffer.from([255, 0, 0, 0, 1, 0]), Buffer.from([1, 0, 0, 0])];
const WRONG: readonly [what: string, bytes: Buffer, signature: string][] = [
  ['an array that is longer than its message', LONG, 'as'],
  ['bytes that are more than its message', LONG, 'ay'],
  ['a text that is longer than its message', LONG, 's'],
  ['a number that ends too early', SHORT, 't'],
  ['a variant of two types', Buffer.from([2, 0x79, 0x79, 0, 1, 1]), 'v'],
  ['a variant without a type', Buffer.from([0, 0]), 'v'],
  ['an empty struct', SHORT, 'a()'],
  ['an array without a type', SHORT, 'a'],
  ['a struct that does not end', SHORT, '('],
  ['an unknown type', SHORT, 'z'],
];

for (const [what, bytes, signature] of WRONG)
  test(`${what} is no valid value of the bus`, () => {
    assert.throws(
      () => marshalled(bytes, true).values(signature),
      (cause) => cause instanceof RangeError || cause instanceof TypeError,
    );
  });
