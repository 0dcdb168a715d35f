import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLineChild } from '../../src/machine/line-child.js';

const shell = (script: string) => startLineChild(['/bin/sh', '-c', script]);

test('lines are exchanged until the input ends', async () => {
  const { child } = await shell('while read -r line; do echo "<$line>"; done; printf "no line"');
  child.send('one');
  child.send('two');
  assert.deepEqual([await child.receive(), await child.receive()], ['<one>', '<two>']);
  assert.deepEqual(await child.end(), { status: 0, stderr: '' });
  assert.equal(await child.receive(), undefined);
});

test('a long line arrives whole', async () => {
  const { child } = await shell('head -c 300000 /dev/zero | tr "\\0" x; echo; echo end');
  assert.equal((await child.receive())?.length, 300_000);
  assert.equal(await child.receive(), 'end');
  await child.end();
});

test('the end of a program has its reason', async () => {
  const failing = await shell('echo why >&2; exit 3');
  assert.equal(await failing.child.receive(), undefined);
  assert.deepEqual(await failing.child.end(), { status: 3, stderr: 'why\n' });
  const killed = await shell('kill -9 $$');
  assert.equal((await killed.child.end()).status, 128);
  const absent = await startLineChild(['/no/such/program']);
  assert.equal(await absent.child.receive(), undefined);
  assert.equal((await absent.child.end()).status, 127);
});

test('a program can be killed', async () => {
  const { child, kill, ended } = await shell('trap "" TERM; read -r x; read -r y');
  kill();
  await ended;
  child.send('to nobody');
  assert.equal((await child.end()).status, 128);
});
