import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execStart } from '../../../src/systemd/unit/unit-property.js';

test("a transient unit's command has its words unchanged, though the manager expands variables", () => {
  assert.deepEqual(execStart(['/usr/bin/a', '$HOME', 'a $$ b']), {
    name: 'ExecStart',
    signature: 'a(sasb)',
    value: [['/usr/bin/a', ['/usr/bin/a', '$$HOME', 'a $$$$ b'], false]],
  });
});
