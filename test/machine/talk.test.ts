import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTalk } from '../../src/machine/talk.js';

const shell = (script: string) => startTalk(['/bin/sh', '-c', script]);

test('lines are exchanged until the input ends', async () => {
  const { talk } = await shell('while read -r line; do echo "<$line>"; done; printf "no line"');
  talk.say('one');
  talk.say('two');
  assert.deepEqual([await talk.hear(), await talk.hear()], ['<one>', '<two>']);
  assert.deepEqual(await talk.end(), { status: 0, stderr: '' });
  assert.equal(await talk.hear(), undefined);
});

test('a long line arrives whole', async () => {
  const { talk } = await shell('head -c 300000 /dev/zero | tr "\\0" x; echo; echo end');
  assert.equal((await talk.hear())?.length, 300_000);
  assert.equal(await talk.hear(), 'end');
  await talk.end();
});

test('the end of a program has its reason', async () => {
  const failing = await shell('echo why >&2; exit 3');
  assert.equal(await failing.talk.hear(), undefined);
  assert.deepEqual(await failing.talk.end(), { status: 3, stderr: 'why\n' });
  const killed = await shell('kill -9 $$');
  assert.equal((await killed.talk.end()).status, 128);
  const absent = await startTalk(['/no/such/program']);
  assert.equal(await absent.talk.hear(), undefined);
  assert.equal((await absent.talk.end()).status, 127);
});

test('a program can be killed', async () => {
  const { talk, kill, ended } = await shell('trap "" TERM; read -r x; read -r y');
  kill();
  await ended;
  talk.say('to nobody');
  assert.equal((await talk.end()).status, 128);
});
