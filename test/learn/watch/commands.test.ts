import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Commands } from '../../../src/learn/watch/commands.js';
import { unitState } from '../../support/unit-state.js';

/** A command as the manager has it (type a(sasasttttuii)), by the time of its start. */
const command = (path: string, started: number, ...words: string[]) => {
  return [path, [path, ...words], [], 5n, BigInt(started), 0n, 0n, 7, 0, 0];
};

const state = (pre: readonly number[], start: number) =>
  unitState({
    ExecStartPreEx: pre.map((time, i) => command(`/bin/pre${i}`, time, '-t')),
    ExecStartEx: [command('/bin/demod', start)],
  });

const LINES = new Map([
  ['ExecStartPre', ['ExecStartPre=-/bin/pre0 "-t"', 'ExecStartPre=/bin/pre1 -t']],
  ['ExecStart', ['ExecStart=/bin/demod']],
]);

test('commands that begin after the watch are told by their lines', async () => {
  let asked = 0;
  const commands = new Commands(state([1, 0], 2), async () => {
    asked++;
    return LINES;
  });
  assert.deepEqual(await commands.look(state([1, 0], 2)), []);
  assert.equal(asked, 0);
  assert.deepEqual(await commands.look(state([3, 4], 5)), [
    ...LINES.get('ExecStartPre')!,
    'ExecStart=/bin/demod',
  ]);
  assert.deepEqual(await commands.look(state([3, 4], 5)), []);
  assert.deepEqual(await commands.look(state([6, 4], 5)), ['ExecStartPre=-/bin/pre0 "-t"']);
});

test('a manager that has read its files again has no command begin', async () => {
  const commands = new Commands(state([1, 2], 3), async () => LINES);
  for (const seen of [state([0, 0], 0), state([1, 2], 3), state([0, 0], 3)]) {
    assert.deepEqual(await commands.look(seen), []);
  }
  assert.deepEqual(await commands.look(state([0, 0], 9)), ['ExecStart=/bin/demod']);
});

test('where the lines are not those of the manager, its own words are told', async () => {
  const commands = new Commands(state([0, 0], 0), async () => new Map());
  assert.deepEqual(await commands.look(state([1, 0], 2)), [
    'ExecStartPre=/bin/pre0 -t',
    'ExecStart=/bin/demod',
  ]);
});
