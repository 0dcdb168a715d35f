import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalize } from '../../../src/systemd/unit/path.js';

test('a path has one normal form', () => {
  const cases: readonly [path: string, name: string][] = [
    ['/', '/'],
    ['//a///b/', '/a/b'],
    ['/a/./b/.', '/a/b'],
    ['/a/../b', '/b'],
    ['/../../a', '/a'],
    ['/a/b/../../..', '/'],
    ['a/../b', 'b'],
    ['../a', '../a'],
    ['a/../../b', '../b'],
    ['../../a', '../../a'],
    ['/...', '/...'],
    ['', ''],
    ['./', ''],
  ];
  for (const [path, name] of cases) {
    assert.equal(normalize(path), name, path);
    assert.equal(normalize(name), name, path);
  }
});
