import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../src/commands/plan.js';
import { columns } from '../../src/report/plan.js';
import { fakeContext, machineWith } from '../support/fake-system.js';

test('no cell of a table has characters that are not seen, and columns stay in line', () => {
  const text = columns([
    ['a\u202eb', 'x\x1b[31m'],
    ['a', 'y\u{e0041}z'],
  ]);
  assert.equal(text, 'a\\u202eb  x\\x1b[31m\na         y\\U000e0041z\n');
});

test('values of a policy are shown in a plan by the numbers of what is not seen', async () => {
  const system = machineWith(
    '[Service]\nExecStart=/usr/sbin/demod\n',
    '[service]\nReadWritePaths = ["-/srv/Z\\u202eY\\u200bX\\U000e0041"]\n',
  );
  const { text } = await plan(fakeContext(system), ['demo.service'], {});
  assert.doesNotMatch(text, /[\u202e\u200b]|\u{e0041}/u);
  assert.ok(text.includes('-/srv/Z\\u202eY\\u200bX\\U000e0041'), text);
});
