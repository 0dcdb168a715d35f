import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalEntries } from '../../../src/systemd/formats/journal.js';

test('entries have their text fields, and lines that are no entry are left out', () => {
  const lines = [
    '{"MESSAGE":"said","_PID":"7"}',
    '{"MESSAGE":[104,105],"_PID":["1","2"],"UNIT":null,"PRIORITY":3}',
    '{"MESSAGE":"cut',
    'null',
    '"text"',
    '',
  ];
  const entries = [...journalEntries(lines.join('\n'))];
  assert.deepEqual(entries, [
    new Map([
      ['MESSAGE', 'said'],
      ['_PID', '7'],
    ]),
    new Map(),
  ]);
});
