/** Tests of machine/files/walk.ts and machine/files/follow.ts: paths of this machine, link by link. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { walk, walkIn } from '../../../src/machine/files/walk.js';
import { temporaryFolder } from '../../support/temporary.js';

const skip = process.getuid?.() === 0 ? undefined : 'needs root, to make files of other users';
const NOBODY = 65534;

/** A folder of root's with a tree in it: names that end in a slash are folders, `NAME>TARGET` links; `!` in front gives one to another user. */
function tree(t: TestContext, ...entries: string[]): (path: string) => string {
  const folder = temporaryFolder(t);
  const at = (path: string) => join(folder, path);
  for (const entry of entries) {
    const [name = '', target] = entry.replace(/^!/, '').split('>');
    if (target !== undefined) symlinkSync(target.startsWith('/') ? at(target) : target, at(name));
    else if (name.endsWith('/')) mkdirSync(at(name));
    else writeFileSync(at(name), '');
    if (entry.startsWith('!')) lchownSync(at(name.replace(/\/$/, '')), NOBODY, NOBODY);
  }
  return at;
}

const theirs = (path: string, by?: string) => ({ path, why: `belongs to user ${NOBODY}`, by });

describe('a path on the host', { skip: skip ?? false }, () => {
  test('is examined with all folders and links in it', (t) => {
    const at = tree(t, 'a/', 'a/b/', 'a/b/file', '!own', 'link>a/b', '!u/', 'u/file');
    assert.deepEqual(walk(at('link/file')), {
      real: at('a/b/file'),
      isFile: true,
      untrusted: [],
    });
    assert.deepEqual(walk(at('own')).untrusted, [theirs(at('own'))]);
    assert.deepEqual(walk(at('u/file')).untrusted, [theirs(at('u'))]);
    assert.deepEqual(walk(at('u/../a/b/file')).untrusted, []);
  });

  test('that is missing can be created by a user who can write its folder', (t) => {
    const at = tree(t, 'a/', 'tmp/', '!u/');
    chmodSync(at('tmp'), 0o1777);
    assert.deepEqual(walk(at('a/missing/file')).untrusted, []);
    assert.deepEqual(walk(at('tmp/missing')).untrusted, [
      { path: at('tmp'), why: 'can be written by others', by: undefined },
    ]);
    assert.deepEqual(walk(at('u/missing')).untrusted, [theirs(at('u'))]);
  });

  test('with links that lead to themselves leads nowhere', (t) => {
    const at = tree(t, 'a>b', 'b>a');
    const { real, untrusted } = walk(at('a'));
    assert.deepEqual({ real, untrusted }, { real: undefined, untrusted: [] });
  });
});

describe('a path as a service sees it', { skip: skip ?? false }, () => {
  test("follows links inside the service's root", (t) => {
    const at = tree(t, 'root/', 'root/usr/', 'root/usr/file');
    symlinkSync('/usr', at('root/lib'));
    const view = { root: at('root'), binds: [] };
    assert.equal(walk('/lib/file', view).real, at('root/usr/file'));
    assert.equal(walk('/../../usr/file', view).real, at('root/usr/file'));
    chownSync(at('root'), NOBODY, NOBODY);
    assert.deepEqual(walk('/usr/file', view).untrusted, [theirs(at('root'), 'RootDirectory')]);
  });

  test('includes the folders above the root', (t) => {
    const at = tree(t, '!u/', 'u/root/', 'u/root/file');
    assert.deepEqual(walk('/file', { root: at('u/root'), binds: [] }).untrusted, [
      theirs(at('u'), 'RootDirectory'),
    ]);
  });

  test('has the lowest mount above it, and no others', (t) => {
    const at = tree(t, '!u/', 'a/', 'a/b/', 'a/b/file', 'c/', 'c/file');
    const binds = [
      { source: at('u'), destination: '/srv', by: 'BindPaths' },
      { source: at('a'), destination: '/x', by: 'BindPaths' },
      { source: at('c'), destination: '/x/b', by: 'BindPaths' },
    ];
    const view = { root: '/', binds };
    assert.deepEqual(walk('/x/b/file', view), {
      real: at('c/file'),
      isFile: true,
      untrusted: [],
    });
    assert.deepEqual(walk('/srv/file', view).untrusted, [theirs(at('u'), 'BindPaths')]);
  });

  test('with a mount on a link is where the link leads; a source likewise', (t) => {
    const at = tree(t, 'root/', 'root/usr/', '!u/', 'u/dir/', 'u/dir/file', 'source>/u/dir');
    symlinkSync('usr', at('root/lib'));
    const view = {
      root: at('root'),
      binds: [{ source: at('source'), destination: '/lib', by: 'BindPaths' }],
    };
    assert.deepEqual(walk('/usr/file', view).untrusted, [theirs(at('u'), 'BindPaths')]);
  });

  test('ignores a mount whose source is missing', (t) => {
    const at = tree(t, 'root/', 'root/file');
    const view = { root: at('root'), binds: [{ source: at('missing'), destination: '/', by: 'BindPaths' }] };
    assert.equal(walk('/file', view).real, at('root/file'));
  });
});

test('a path of a process uses its mount namespace, from the top on', { skip }, () => {
  const from = { process: process.pid };
  const { content, untrusted } = walk('/etc/passwd', from);
  assert.deepEqual([content, untrusted], [readFileSync('/etc/passwd'), []]);
  const inside = walkIn(process.pid, ['/etc/passwd', '/etc/no-such-file', '/proc/mounts/']);
  const leading = (path: string) => ({ path, why: 'leads each process to another place', by: undefined });
  assert.deepEqual(Object.fromEntries(inside!), {
    '/etc/passwd': { real: '/etc/passwd', isFile: true, untrusted: [] },
    '/etc/no-such-file': { real: undefined, untrusted: [] },
    '/proc/mounts/': {
      real: `/proc/${process.pid}/mounts`,
      isFile: true,
      untrusted: [leading('/proc/mounts'), leading('/proc/self')],
    },
  });
  assert.deepEqual(walk('/proc/self/status', from).untrusted, [leading('/proc/self')]);
});

test('a process in its own user namespace, or that has ended, is not examined', { skip }, async (t) => {
  const child = spawn('unshare', ['--user', 'sh', '-c', 'echo; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => child.kill());
  await once(child.stdout, 'data');
  for (const pid of [child.pid!, 2 ** 22 + 1])
    assert.deepEqual(
      [walk('/etc/passwd', { process: pid }).content, walkIn(pid, ['/etc/passwd'])],
      [undefined, undefined],
    );
});

test('a mount through the link of another mount is where that leads', { skip }, (t) => {
  const at = tree(t, 'root/', 'root/usr/', 'root/m/', 'links/', '!u/');
  symlinkSync('/usr', at('links/l'));
  const binds = [
    { source: at('u'), destination: '/m/l', by: 'BindPaths' },
    { source: at('links'), destination: '/m', by: 'BindPaths' },
  ];
  assert.deepEqual(walk('/usr/file', { root: at('root'), binds }).untrusted, [theirs(at('u'), 'BindPaths')]);
});
