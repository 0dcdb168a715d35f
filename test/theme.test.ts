import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN, PLAIN_THEMES, ROLES } from '../src/theme.js';

test('output to files and programs has no styles and no width', () => {
  for (const role of ROLES) assert.equal(PLAIN.paint(role, 'a'), 'a');
  assert.equal(PLAIN.columns, Number.POSITIVE_INFINITY);
  assert.deepEqual(PLAIN_THEMES, { output: PLAIN, errors: PLAIN });
});
