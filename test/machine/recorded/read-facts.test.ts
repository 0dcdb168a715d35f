import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onRecorded } from '../../../src/machine/recorded/read-facts.js';
import { FIRST_LINE, piece } from '../../support/facts-lines.js';
import { failure } from '../../support/failure.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';

const program = new FakeSystem({
  files: {
    '/a.facts': FIRST_LINE + piece('/f', 'old'),
    '/b.facts': FIRST_LINE + piece('/f', 'new'),
    '/c': 'x',
  },
});
const context = fakeContext(new FakeSystem({}), { program, superuser: false });

test("facts: the machine is that of the files, and policies are this one's", async () => {
  const found = await onRecorded(context, ['/a.facts', '/b.facts']);
  const { system, policies, isRecorded, superuser } = found.context;
  assert.deepEqual([system, policies, isRecorded], [found.recorded, program, true]);
  // Another user's limits say nothing about the other machine.
  assert.equal(superuser, true);
  const file = await system.read('/f');
  assert.equal(new TextDecoder().decode(file!.bytes), 'new');
});

test('missing files, or files without facts, are errors', async () => {
  assert.deepEqual((await failure(onRecorded(context, ['/none']))).slice(0, 2), [
    'bad-file',
    'there is no file /none',
  ]);
  assert.equal((await failure(onRecorded(context, ['/a.facts', '/c'])))[0], 'bad-file');
});
