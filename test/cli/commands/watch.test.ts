import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watch } from '../../../src/cli/commands/watch.js';
import { machine } from '../../support/apply-in-memory.js';
import { fakeContext } from '../../support/fake-system.js';

test('watch needs root', async () => {
  const context = { ...fakeContext(machine()), superuser: false };
  await assert.rejects(watch(context, []), ({ diagnostics: [first] }) => {
    assert.equal(first.code, 'needs-root');
    return true;
  });
});
