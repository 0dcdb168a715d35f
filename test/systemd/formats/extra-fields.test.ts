import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExtraFields } from '../../../src/systemd/formats/extra-fields.js';
import { exportedBytes } from '../../support/fake-manager.js';

test('fields of a unit are read as systemd exports them', () => {
  assert.deepEqual(parseExtraFields(new Uint8Array()), []);
  assert.deepEqual(parseExtraFields(exportedBytes(['A=b', 'C=', 'D=é\n'])), ['A=b', 'C=', 'D=é\n']);
});

test('bytes that are no fields of a unit are refused, whatever length they claim', () => {
  const whole = exportedBytes(['A=b']);
  for (const bytes of [whole.slice(0, -1), whole.slice(0, 7), new Uint8Array(16).fill(0xff)])
    assert.equal(parseExtraFields(bytes), undefined);
});
