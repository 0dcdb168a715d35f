import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortReason } from '../../src/unit/fatal-values.js';

const reason = (key: string, value: string, section = 'Service') =>
  abortReason({ section, key, value, at: { file: 'x.service', line: 2, column: 1 } });

/** A key, values at which systemd 257 stops reading, and values at which it reads on. */
const CASES: readonly [key: string, stops: readonly string[], reads: readonly string[]][] = [
  [
    'User',
    ['65535', '4294967295', '99999999999', '-1', '-', '.', '..', 'a:b', 'a/b', 'a\tb', ' ', ' a', '12a:'],
    ['0', '65534', 'web', 'web.user', 'ä', 'a b', '007a', '%i', '', 'web$'],
  ],
  ['Group', ['65535', 'a/b'], ['web']],
  ['SupplementaryGroups', ['web a/b', 'web 65535', 'web\\'], ['web mail', 'we\\ b', '']],
  [
    'WorkingDirectory',
    ['srv', 'srv/~', '/a/../b', `/${'a'.repeat(256)}`],
    ['~', '-srv', '/srv//www/.', '/../a', '%h'],
  ],
  [
    'RootDirectory',
    ['srv', '-/srv', '/a/..', `/${'ä'.repeat(128)}`, '/a'.repeat(2048)],
    ['/', '/srv', '/a'.repeat(2047)],
  ],
  ['RootImage', ['image.raw'], ['/image.raw']],
  ['RootVerity', ['image.verity'], ['/image.verity']],
  [
    'PIDFile',
    ['/dev/x', '//sys/x', '/./proc/x', '../etc/x', '/run/../x'],
    ['x.pid', '/run/x.pid', '/var/dev/x'],
  ],
];

for (const [key, stops, reads] of CASES) {
  test(`the values of ${key}= at which systemd stops reading the file`, () => {
    for (const value of stops) assert.equal(typeof reason(key, value), 'string', JSON.stringify(value));
    for (const value of reads) assert.equal(reason(key, value), undefined, JSON.stringify(value));
  });
}

test('only these keys of [Service] have such values', () => {
  assert.equal(reason('User', 'a/b', 'Unit'), undefined);
  assert.equal(reason('user', 'a/b'), undefined);
  assert.equal(reason('Nice', 'much'), undefined);
  assert.equal(reason('constructor', 'a/b'), undefined);
});
