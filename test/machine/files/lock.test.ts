import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { takeLock } from '../../../src/machine/files/lock.js';
import { temporaryFolder } from '../../support/temporary.js';

const root = process.geteuid?.() === 0 ? false : "only root has folders that others can't change";

const code = async (path: string) => {
  const cause = await takeLock(path, 0).catch((error) => error);
  assert.ok(cause instanceof UserError, String(cause));
  return cause.diagnostics[0]!.code;
};

describe('a lock', () => {
  test('has one holder, until that one releases it', async (t) => {
    const path = join(temporaryFolder(t), 'new', 'lock');
    const letGo = await takeLock(path, 0);
    assert.ok(letGo);
    assert.equal(await takeLock(path, 0), undefined);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    letGo();
    const again = await takeLock(path, 0);
    assert.ok(again);
    again();
  });

  test('is waited for', async (t) => {
    const path = join(temporaryFolder(t), 'lock');
    const letGo = await takeLock(path, 0);
    const later = takeLock(path, 60);
    letGo!();
    const second = await later;
    assert.ok(second);
    assert.equal(await takeLock(path, 1), undefined);
    second();
  });

  test("ends with its process, and isn't inherited by what that has started", async (t) => {
    const path = join(temporaryFolder(t), 'lock');
    const module = new URL('../../../src/machine/files/lock.js', import.meta.url).href;
    const script = `
      const { takeLock } = await import(${JSON.stringify(module)});
      await takeLock(${JSON.stringify(path)}, 0);
      const { spawn } = await import('node:child_process');
      const left = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
      console.log(left.pid);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    const [line] = await once(child.stdout, 'data');
    t.after(() => process.kill(Number(line), 'SIGKILL'));
    assert.equal(await takeLock(path, 0), undefined);
    child.kill('SIGKILL');
    await once(child, 'close');
    const letGo = await takeLock(path, 0);
    assert.ok(letGo);
    letGo();
  });

  test('is refused if it is a link, a folder, or in a place where others could hold it', {
    skip: root,
  }, async (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('file', join(folder, 'link'));
    mkdirSync(join(folder, 'folder'));
    assert.equal(await code(join(folder, 'link')), 'unwritable');
    assert.equal(await code(join(folder, 'folder')), 'unwritable');
    chmodSync(folder, 0o777);
    assert.equal(await code(join(folder, 'lock')), 'untrusted-file');
  });

  test("has a reason if it can't be taken", async (t) => {
    const path = join(temporaryFolder(t), 'lock');
    const { PATH } = process.env;
    t.after(() => {
      process.env.PATH = PATH;
    });
    process.env.PATH = '/nowhere';
    assert.equal(await code(path), 'unwritable');
  });
});
