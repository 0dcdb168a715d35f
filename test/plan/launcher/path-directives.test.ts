import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { bindReadOnly, execPaths, requiresMounts } from '../../../src/plan/launcher/path-directives.js';

test('paths are written so that systemd reads them back, with specifiers and separators', () => {
  assert.deepEqual(execPaths(['/a b', '/100%'], 'x'), {
    name: 'ExecPaths',
    values: ['"/a b" /100%%'],
    because: 'x',
  });
  assert.deepEqual(requiresMounts(['/a', '/%i'], 'x'), {
    ...{ name: 'RequiresMountsFor', values: ['/a /%%i'], because: 'x' },
    section: 'Unit',
  });
  assert.deepEqual(bindReadOnly([['/a'], ['/b:c', '/d']], 'x').values, ['/a /b\\:c:/d']);
});

test('a path that no unit file can contain is refused', () => {
  for (const path of ['/a\nb', '/a\0', 'relative', '/a/../b', '/\ud800']) {
    assert.throws(() => execPaths([path], ''), UserError, JSON.stringify(path));
    assert.throws(() => requiresMounts([path], ''), UserError, JSON.stringify(path));
    assert.throws(() => bindReadOnly([[path]], ''), UserError, JSON.stringify(path));
  }
});
