import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXEC_KEYS, execKeySince, execKeys } from '../../../../src/systemd/unit/exec/keys.js';

test('a systemd runs the lines of the keys that it knows', () => {
  const older = EXEC_KEYS.filter((key) => key !== 'ExecReloadPost');
  assert.deepEqual(execKeys(258), older);
  assert.deepEqual(execKeys(259), EXEC_KEYS);
  assert.equal(execKeySince('ExecReloadPost'), 259);
  assert.ok(execKeySince('ExecStart') <= 183);
});
