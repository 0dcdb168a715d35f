import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoFiles, writeChanges } from '../../../src/apply/steps/files.js';
import { UserError } from '../../../src/diagnostic.js';
import { changes } from '../../../src/plan/emit/changes.js';
import { existing, FakeSystem, program } from '../../support/fake-system.js';

const BEFORE = { '/b': program('old'), '/c': 'same', '/d': 'gone' };
const CURRENT = [existing('/b', 'old', 0o755), existing('/c', 'same'), existing('/d', 'gone')];
const CHANGES = changes(
  [existing('/a', 'new', 0o755), existing('/b', 'newer'), existing('/c', 'same')],
  CURRENT,
);

const CHANGED = CHANGES.filter(({ kind }) => kind !== 'unchanged');

test('files are changed in their order, and unchanged files are not touched', async () => {
  const system = new FakeSystem({ files: BEFORE });
  await writeChanges(system, CHANGES);
  assert.deepEqual(system.calls, ['replace /a', 'replace /b', 'remove /d']);
  assert.deepEqual([...system.files.keys()].sort(), ['/a', '/b', '/c']);
  assert.deepEqual([system.text('/a'), system.files.get('/a')!.mode], ['new', 0o755]);
  assert.deepEqual([system.text('/b'), system.files.get('/b')!.mode], ['newer', 0o644]);
});

test('undo of files begins with the last, and restores contents and modes', async () => {
  const system = new FakeSystem({ files: BEFORE });
  const before = new Map(system.files);
  await writeChanges(system, CHANGES);
  system.calls.length = 0;
  await undoFiles(system, CHANGED);
  assert.deepEqual(system.calls, ['read /d', 'replace /d', 'read /b', 'replace /b', 'remove /a']);
  assert.deepEqual(new Map([...system.files].sort()), new Map([...before].sort()));
});

test('undo of files restores them wherever the writing stopped', async () => {
  for (let failAt = 1; failAt <= 3; failAt++) {
    const system = new FakeSystem({ files: BEFORE, failAt });
    const before = new Map([...system.files].sort());
    await assert.rejects(writeChanges(system, CHANGES), UserError);
    await undoFiles(system, CHANGED);
    assert.deepEqual(new Map([...system.files].sort()), before);
  }
});

test('a file counts as old as before if only its comments changed, or if it was restored', async () => {
  const system = new FakeSystem({ files: { '/a.conf': '# one\nx\n', '/b': 'old' } });
  const wanted = [existing('/a.conf', '# two\nx\n'), existing('/b', 'new')];
  const list = changes(wanted, [existing('/a.conf', '# one\nx\n'), existing('/b', 'old')]);
  const times = async () =>
    Promise.all(['/a.conf', '/b'].map(async (path) => (await system.read(path))!.modified));
  await writeChanges(system, list);
  const [comments, content] = await times();
  assert.ok(comments === 1000 && content! > 1000, 'new comments make a file no newer');
  await undoFiles(system, list);
  assert.deepEqual(await times(), [1000, 1000]);
});
