import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execStart } from '../../../src/systemd/unit/unit-property.js';

test('a command of a transient unit has its words as they are, though the manager expands variables', () => {
  assert.deepEqual(execStart(['/usr/bin/a', '$HOME', 'a $$ b']), {
    name: 'ExecStart',
    signature: 'a(sasb)',
    value: [['/usr/bin/a', ['/usr/bin/a', '$$HOME', 'a $$$$ b'], false]],
  });
});
