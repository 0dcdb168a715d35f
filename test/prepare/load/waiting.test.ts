import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitingIn } from '../../../src/prepare/load/waiting.js';
import { NO_EXEC, SERVICE } from '../../support/demo-service.js';
import { fakeContext, machineWith } from '../../support/fake-system.js';

test('the lines of a file that wait are read; a file that is not there has none', async () => {
  const text = '[service]\nUMask = "0077"\n\n# Not stated yet: later.\n# ProtectHome = true\n';
  const context = fakeContext(machineWith(SERVICE, NO_EXEC, { files: { '/etc/p.toml': text } }));
  const names = async (path: string | undefined) => (await waitingIn(context, path)).map(({ name }) => name);
  assert.deepEqual(
    [await names('/etc/p.toml'), await names('/etc/none.toml'), await names(undefined)],
    [['ProtectHome'], [], []],
  );
});
