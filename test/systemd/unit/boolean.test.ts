import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBoolean } from '../../../src/systemd/unit/boolean.js';

test('a boolean is one of the words of systemd.syntax(7), in any case', () => {
  for (const text of ['1', 'yes', 'y', 'true', 't', 'on', 'YES', 'oN'])
    assert.equal(parseBoolean(text), true, text);
  for (const text of ['0', 'no', 'n', 'false', 'f', 'off', 'No', 'OFF'])
    assert.equal(parseBoolean(text), false, text);
});

test('other text is no boolean', () => {
  for (const text of ['', ' yes', 'yes ', '2', '01', 'ja', 'yes\n', 'tru', 'ｙｅｓ', 'constructor']) {
    assert.equal(parseBoolean(text), undefined, text);
  }
});
