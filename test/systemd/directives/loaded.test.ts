import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSet, loadedLines, word } from '../../../src/systemd/directives/loaded.js';

const unit = (values: Readonly<Record<string, unknown>>) => (name: string) => values[name];

test('a directive is set if the manager has loaded a value that does something', () => {
  assert.equal(isSet(unit({ PrivateTmp: true }), 'PrivateTmp'), true);
  assert.equal(isSet(unit({ PrivateTmp: false }), 'PrivateTmp'), false);
  assert.equal(isSet(unit({}), 'PrivateTmp'), false);
});

test('a word is the text of a property; other values are empty', () => {
  assert.equal(word(unit({ ProtectSystem: 'strict' }), 'ProtectSystem'), 'strict');
  assert.equal(word(unit({ ProtectSystem: 7n }), 'ProtectSystem'), '');
});

test('paths lose their prefixes, and mounts are at their own places', () => {
  const { places } = loadedLines(
    unit({
      ReadWritePaths: ['-/srv/a', '/srv/b'],
      TemporaryFileSystem: [['/var', 'ro']],
      BindPaths: [['/from', '/to', false, 0n]],
    }),
  );
  assert.deepEqual(places('ReadWritePaths'), ['/srv/a', '/srv/b']);
  assert.deepEqual(places('TemporaryFileSystem'), ['/var']);
  assert.deepEqual(places('BindPaths'), ['/to']);
  assert.deepEqual(places('InaccessiblePaths'), []);
});
