import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fromBase64,
  groupBy,
  inBatches,
  isSameBytes,
  once,
  shortList,
  toBase64,
  toHex,
} from '../src/collections.js';

test('groupBy: groups and elements keep their order', () => {
  const groups = groupBy(['pear', 'fig', 'plum', 'date', 'kiwi'], (word) => word.length);
  assert.deepEqual(
    [...groups],
    [
      [4, ['pear', 'plum', 'date', 'kiwi']],
      [3, ['fig']],
    ],
  );
});

test('groupBy: an empty list has no groups', () => {
  assert.deepEqual([...groupBy([], String)], []);
});

test('groupBy: names of built-in properties are keys like any other', () => {
  const groups = groupBy(['constructor', '__proto__', 'constructor'], (word) => word);
  assert.deepEqual(
    [...groups],
    [
      ['constructor', ['constructor', 'constructor']],
      ['__proto__', ['__proto__']],
    ],
  );
});

test('a list of many names has the first ones, and the number of the others', () => {
  assert.equal(shortList(['a', 'b'], 2), 'a, b');
  assert.equal(shortList(['a', 'b', 'c', 'd'], 2), 'a, b and 2 more');
  assert.equal(shortList([], 2), '');
});

test('inBatches: a batch runs at a time, and results keep the order', async () => {
  let [running, most] = [0, 0];
  const step = async (n: number) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return n * 2;
  };
  assert.deepEqual(await inBatches([1, 2, 3, 4, 5], 2, step), [2, 4, 6, 8, 10]);
  assert.equal(most, 2);
  await assert.rejects(
    inBatches([1], 2, () => Promise.reject(new Error('no'))),
    /no/,
  );
});

test('bytes and text are converted both ways', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(toBase64(all), Buffer.from(all).toString('base64'));
  assert.deepEqual(fromBase64(toBase64(all)), all);
  assert.equal(fromBase64('a'), undefined);
  assert.equal(fromBase64('é'), undefined);
  assert.equal(toHex([0, 15, 255]), '000fff');
  assert.ok(isSameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
  assert.ok(
    !isSameBytes(Uint8Array.of(1), Uint8Array.of(1, 2)) && !isSameBytes(Uint8Array.of(1), Uint8Array.of(2)),
  );
});

test('once: a result is computed once', async () => {
  let asked = 0;
  const learn = once(async () => ++asked);
  assert.deepEqual([await learn(), await learn(), asked], [1, 1, 1]);
});
