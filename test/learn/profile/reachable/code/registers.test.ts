import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  argument,
  constant,
  Jumps,
  Registers,
  UNKNOWN,
} from '../../../../../src/learn/profile/reachable/code/registers.js';

/** Four registers: arguments come in 1 and 2, the number of a system call is in 0. */
const registers = (jumps = new Jumps()) => new Registers(4, [1, 2], 0, jumps);

const shown = ({ constants, parameters }: ReturnType<Registers['callNumber']>) =>
  [...constants.toSorted((a, b) => a - b), ...parameters.map((index) => `argument ${index}`)].join(' ');

test('a function begins with its arguments and nothing else', () => {
  const it = registers();
  assert.equal(shown(it.argument(0)), 'argument 0');
  assert.equal(shown(it.argument(1)), 'argument 1');
  assert.equal(shown(it.argument(2)), '');
  assert.equal(shown(it.callNumber()), '');
});

test('a large or negative constant is unknown', () => {
  assert.equal(constant(7), 7);
  for (const value of [-1, 0x8000, 2 ** 31]) assert.equal(constant(value), UNKNOWN);
});

test('where two paths meet, both values are possible', () => {
  const it = registers();
  it.set(0, 1);
  it.jump(100);
  it.set(0, 2);
  it.arrive(100);
  assert.equal(shown(it.callNumber()), '1 2');
  it.jump(200);
  it.set(0, argument(1));
  it.arrive(200);
  assert.equal(shown(it.callNumber()), '1 2 argument 1');
});

test('where one of two paths has an unknown value, the value is unknown', () => {
  const it = registers();
  it.set(0, 1);
  it.jump(100);
  it.forget([0]);
  it.arrive(100);
  assert.equal(shown(it.callNumber()), '');
});

test('where one of two paths comes from a call, the other counts', () => {
  const it = registers();
  it.set(0, 1);
  it.jump(100);
  it.lose([0]);
  assert.equal(shown(it.callNumber()), '');
  it.arrive(100);
  assert.equal(shown(it.callNumber()), '1');
});

test('after an end only jumps count', () => {
  const it = registers();
  it.set(0, 1);
  it.jump(100);
  it.set(0, 2);
  it.end();
  it.arrive(100);
  assert.equal(shown(it.callNumber()), '1');
});

test('after an end without a jump no value is known', () => {
  const it = registers();
  it.set(0, 1);
  it.end();
  it.arrive(100);
  assert.equal(shown(it.callNumber()), '');
});

test('a second walk knows the backward jumps of the first', () => {
  const jumps = new Jumps();
  const walk = () => {
    const it = registers(jumps);
    it.set(0, 1);
    it.jump(200);
    it.end();
    it.arrive(100);
    const inside = shown(it.callNumber());
    it.arrive(200);
    it.jump(100);
    return inside;
  };
  assert.deepEqual([walk(), walk()], ['', '1']);
});

test('too many values become unknown', () => {
  const it = registers();
  for (let value = 0; value < 40; value++) {
    it.set(0, value);
    it.jump(100);
  }
  it.end();
  it.arrive(100);
  assert.equal(shown(it.callNumber()), '');
});
