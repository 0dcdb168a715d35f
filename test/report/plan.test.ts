import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../src/commands/plan.js';
import { fakeContext, machineWith } from '../support/fake-system.js';

test('values of a policy are shown in a plan by the numbers of what is not seen', async () => {
  const system = machineWith(
    '[Service]\nExecStart=/usr/sbin/demod\n',
    '[service]\nReadWritePaths = ["-/srv/Z\\u202eY\\u200bX\\U000e0041"]\n',
  );
  const { text } = await plan(fakeContext(system), ['demo.service'], {});
  assert.doesNotMatch(text, /[\u202e\u200b]|\u{e0041}/u);
  assert.ok(text.includes('-/srv/Z\\u202eY\\u200bX\\U000e0041'), text);
});
