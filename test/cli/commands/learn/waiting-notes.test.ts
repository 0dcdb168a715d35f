import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earlyWarning, waitingNote } from '../../../../src/cli/commands/learn/waiting-notes.js';
import { NO_EXEC, SERVICE } from '../../../support/demo-service.js';
import { fakeContext, machineWith } from '../../../support/fake-system.js';

const AWAITED = [
  { what: 'a day of work', seen: true },
  { what: 'a restart', seen: false },
];

test('lines that wait are named with what they wait for', () => {
  const context = fakeContext(machineWith(SERVICE, NO_EXEC));
  const noteOf = (...waiting: string[]) =>
    waitingNote(context, { unit: 'a.service', waiting, awaited: AWAITED });
  assert.equal(
    noteOf('ProtectHome')[0]!.message,
    '1 line of [service] waits for a day of work and a restart (1 of 2 seen)',
  );
  assert.deepEqual(noteOf(), []);
});

test('the warning names what was not seen, and is absent where nothing was stated early', () => {
  assert.match(earlyWarning(AWAITED, 2)[0]!.message, /^no restart was seen: /);
  assert.deepEqual(earlyWarning(AWAITED, 0), []);
  assert.deepEqual(earlyWarning(AWAITED.slice(0, 1), 2), []);
});
