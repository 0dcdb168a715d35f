import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isOwn } from '../../src/machine/short-run.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';
import { temporaryFolder } from '../support/temporary.js';

const POLICY = inRepository('templates/no-exec.toml');

test("a folder counts as the user's own if no other user may enter it", (t) => {
  const folder = join(temporaryFolder(t), 'folder');
  mkdirSync(folder);
  chmodSync(folder, 0o700);
  assert.equal(isOwn(folder), true);
  chmodSync(folder, 0o710);
  assert.deepEqual(
    [isOwn(folder), isOwn('relative'), isOwn(`${folder}/none`), isOwn(undefined)],
    Array(4).fill(false),
  );
});

test('the compile cache is prepared silently, and not where others may write', async (t) => {
  const runtime = join(temporaryFolder(t), 'runtime');
  mkdirSync(runtime);
  chmodSync(runtime, 0o777);
  const argv = ['setpriv', '--reuid=65534', '--clear-groups', process.execPath];
  const user = process.geteuid?.() === 0 ? argv : [process.execPath];
  const { stderr } = await run([...user, inRepository('dist/sandbox-unit.cjs'), 'check', POLICY], {
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
  });
  assert.equal(stderr, '');
  assert.deepEqual(readdirSync(runtime), []);
});
