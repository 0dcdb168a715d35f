/** Tests of machine/files/write.ts and machine/files/trust.ts: what is written, and that root acts on nothing of others'. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { Host } from '../../../src/machine/host.js';
import { failure } from '../../support/failure.js';
import { layerAvailable } from '../../support/layer.js';
import { temporaryFolder } from '../../support/temporary.js';

const host = new Host({ address: 'unix:path=/nowhere', hint: 'none' });
const bytes = new TextEncoder().encode('text\n');
const NOBODY = 65534;

const skip = process.getuid?.() === 0 ? undefined : 'needs root, to make files of other users';

test('write: a file has its mode and its time', async (t) => {
  const path = join(temporaryFolder(t), 'a/b/file');
  await host.replace(path, bytes, { mode: 0o644, modified: 1_600_000_000_123 });
  const { mode, modified } = (await host.read(path))!;
  assert.deepEqual([mode, Math.round(modified)], [0o644, 1_600_000_000_123]);
  await host.replace(path, bytes, { mode: 0o755 });
  const again = (await host.read(path))!;
  assert.equal(again.mode, 0o755);
  assert.ok(again.modified > modified);
});

test('write: a failure leaves no folder, and removing a missing file removes none', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x.d', 'x'.repeat(300));
  const found = ['unwritable', `can't write ${path}: name too long`, undefined];
  for (const foreign of [false, true]) {
    assert.deepEqual(await failure(host.replace(path, bytes, { mode: 0o644, foreign })), found);
    assert.deepEqual(readdirSync(folder), []);
  }
  mkdirSync(join(folder, 'x.d'));
  await host.remove(join(folder, 'x.d/x.conf'));
  assert.deepEqual(readdirSync(folder), ['x.d']);
  assert.deepEqual(await failure(host.read(join(folder, 'a\0b'))), [
    'unreadable',
    `can't read ${folder}/a\0b: a path can't contain NUL`,
    undefined,
  ]);
});

test('write: a check says whether a folder can be written, and creates nothing', async (t) => {
  const folder = temporaryFolder(t);
  const [file, below] = [join(folder, 'file'), join(folder, 'a/b')];
  writeFileSync(file, '');
  assert.deepEqual(await failure(host.assertWritable(folder)), []);
  assert.deepEqual(await failure(host.assertWritable(below, { make: true })), []);
  assert.deepEqual(await failure(host.assertWritable(below)), [
    'unwritable',
    `can't write in ${below}: no such folder`,
    `'mkdir -p ${below}' makes it`,
  ]);
  assert.deepEqual(await failure(host.assertWritable(file)), [
    'unwritable',
    `can't write in ${file}: not a directory`,
    undefined,
  ]);
  assert.deepEqual(readdirSync(folder), ['file']);
});

test("write: root refuses to write into another user's folder, and says so beforehand", {
  skip,
}, async (t) => {
  const folder = temporaryFolder(t);
  chownSync(folder, NOBODY, NOBODY);
  for (const directory of [folder, join(folder, 'a')])
    assert.equal((await failure(host.assertWritable(directory, { make: true })))[0], 'untrusted-file');
});

test('write: a read-only file system is reported before anything is written', {
  skip: layerAvailable(),
}, (t) => {
  const folder = temporaryFolder(t);
  const script = `
    import { Host } from '${new URL('../../../src/machine/host.js', import.meta.url)}';
    const host = new Host({ address: 'unix:path=/nowhere', hint: 'none' });
    try {
      await host.assertWritable('${folder}/a', { make: true });
    } catch (cause) {
      process.stdout.write(cause.message);
    }`;
  const mounted = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', mounted, folder, process.execPath, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  assert.equal(stdout, `can't write in ${folder}/a: read-only file system`, stderr);
});

test('remove: the last recording of a unit is removed with its folders', async (t) => {
  const folder = temporaryFolder(t);
  const place = join(folder, 'sandbox-unit/recordings');
  for (const unit of ['a.service', 'b.service']) {
    await host.replace(join(place, unit, 'x.json'), bytes, { mode: 0o600 });
  }
  await host.remove(join(place, 'a.service/x.json'));
  assert.deepEqual(readdirSync(place), ['b.service']);
  await host.remove(join(place, 'b.service/x.json'));
  assert.deepEqual(readdirSync(folder), []);
});

describe('root refuses', () => {
  const trusted = { trusted: true };

  test('a file of another user, or that others may write', { skip }, async (t) => {
    const path = join(temporaryFolder(t), 'policy.toml');
    writeFileSync(path, bytes);
    assert.equal((await host.read(path, trusted))!.bytes.length, bytes.length);
    chmodSync(path, 0o664);
    const hint = `chown root:root ${path} && chmod go-w ${path}`;
    assert.deepEqual(await failure(host.read(path, trusted)), [
      'untrusted-file',
      `${path} can be written by others: root won't act on it`,
      hint,
    ]);
    chmodSync(path, 0o644);
    chownSync(path, NOBODY, NOBODY);
    assert.deepEqual(await failure(host.read(path, trusted)), [
      'untrusted-file',
      `${path} belongs to user ${NOBODY}: root won't act on it`,
      hint,
    ]);
  });

  test("a file in another user's folder, at any depth", { skip }, async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'a/b/policy.toml');
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    writeFileSync(path, bytes);
    chownSync(join(folder, 'a'), NOBODY, NOBODY);
    assert.deepEqual(await failure(host.read(path, trusted)), [
      'untrusted-file',
      `${folder}/a belongs to user ${NOBODY}: root won't act on ${path}`,
      'use a path below folders that only root can change',
    ]);
  });

  test('a link by its target and by its place', { skip }, async (t) => {
    const folder = temporaryFolder(t);
    const link = join(folder, 'theirs/link');
    mkdirSync(join(folder, 'theirs'));
    chownSync(join(folder, 'theirs'), NOBODY, NOBODY);
    writeFileSync(join(folder, 'ours.toml'), bytes);
    symlinkSync('../ours.toml', link);
    symlinkSync('theirs/link', join(folder, 'by-theirs'));
    symlinkSync('theirs/../ours.toml', join(folder, 'through-theirs'));
    symlinkSync('ours.toml', join(folder, 'ours'));
    assert.equal((await host.read(join(folder, 'ours'), trusted))!.bytes.length, bytes.length);
    for (const name of ['theirs/link', 'by-theirs']) {
      assert.deepEqual(await failure(host.read(join(folder, name), trusted)), [
        'untrusted-file',
        `${folder}/theirs belongs to user ${NOBODY}: root won't act on ${folder}/${name}`,
        'use a path below folders that only root can change',
      ]);
    }
    // Root's folder above theirs is where another could not be put.
    assert.equal((await host.read(join(folder, 'through-theirs'), trusted))!.bytes.length, bytes.length);
    const theirs = join(folder, 'theirs/policy.toml');
    writeFileSync(theirs, bytes);
    symlinkSync(theirs, join(folder, 'to-theirs'));
    const [code, message] = await failure(host.read(join(folder, 'to-theirs'), trusted));
    assert.deepEqual(
      [code, message],
      ['untrusted-file', `${folder}/theirs belongs to user ${NOBODY}: root won't act on ${folder}/to-theirs`],
    );
  });

  test('a foreign link in a folder where all users may create files', { skip }, async (t) => {
    const folder = temporaryFolder(t);
    const sticky = join(folder, 'tmp');
    mkdirSync(sticky);
    chmodSync(sticky, 0o1777);
    writeFileSync(join(folder, 'ours.toml'), bytes);
    const link = join(sticky, 'link');
    symlinkSync('../ours.toml', link);
    assert.equal((await host.read(link, trusted))!.bytes.length, bytes.length);
    lchownSync(link, NOBODY, NOBODY);
    const [code, message] = await failure(host.read(link, trusted));
    // Most kernels are set not to follow it either (fs.protected_symlinks).
    const isProtected = readFileSync('/proc/sys/fs/protected_symlinks', 'utf8').trim() === '1';
    assert.equal(code, isProtected ? 'unreadable' : 'untrusted-file');
    if (!isProtected) assert.equal(message, `${link} is a link of user ${NOBODY}: root won't act on it`);
  });

  test("to create anything below another user's folder", { skip }, async (t) => {
    const folder = temporaryFolder(t);
    chownSync(folder, NOBODY, NOBODY);
    const path = join(folder, 'etc/systemd/system/x.conf');
    const [code, message] = await failure(host.replace(path, bytes, { mode: 0o644 }));
    assert.deepEqual(
      [code, message],
      [
        'untrusted-file',
        `${folder} belongs to user ${NOBODY}: root won't act on ${folder}/etc/systemd/system`,
      ],
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  test('to write through a link in place of the folder, wherever it leads', async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'victim'));
    for (const target of ['victim', 'nowhere']) {
      const link = join(folder, `to-${target}`);
      symlinkSync(target, link);
      assert.deepEqual(await failure(host.replace(join(link, 'x.conf'), bytes, { mode: 0o644 })), [
        'untrusted-file',
        `${link} is a link: nothing is written through it`,
        'remove the link',
      ]);
    }
    assert.deepEqual(readdirSync(join(folder, 'victim')), []);
  });

  test('a folder that others may write, unless it is sticky', { skip }, async (t) => {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o777);
    assert.equal(
      (await failure(host.replace(join(folder, 'a/b'), bytes, { mode: 0o644 })))[0],
      'untrusted-file',
    );
    assert.ok(!existsSync(join(folder, 'a')));
    chmodSync(folder, 0o1777);
    await host.replace(join(folder, 'a/b'), bytes, { mode: 0o644 });
    assert.equal(readFileSync(join(folder, 'a/b'), 'utf8'), 'text\n');
    assert.equal(statSync(join(folder, 'a')).mode & 0o7777, 0o755);
  });

  test('a folder that others may write, with a hint to repair it or to install a package', {
    skip,
  }, async (t) => {
    const folder = temporaryFolder(t);
    chmodSync(folder, 0o2775);
    const hint = async (path: string) =>
      (await failure(host.replace(join(folder, path), bytes, { mode: 0o755 })))[2];
    assert.equal(await hint('x.service.d/x.conf'), `chmod go-w ${folder}`);
    assert.equal(
      await hint('libexec/sandbox-unit/launcher'),
      `chmod go-w ${folder}, or install a package that has /usr/libexec/sandbox-unit/launcher`,
    );
    chownSync(folder, NOBODY, 0);
    assert.equal(await hint('x.service.d/x.conf'), `chown root:root ${folder} && chmod go-w ${folder}`);
  });
});

describe("write into another system's folder", () => {
  const foreign = { mode: 0o644, foreign: true };

  /** A folder of root's, and in it one of another user. */
  function folders(t: TestContext): readonly [folder: string, theirs: string] {
    const folder = realpathSync(temporaryFolder(t));
    const theirs = join(folder, 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, NOBODY, NOBODY);
    return [folder, theirs];
  }

  test("creates files in another user's folder", { skip }, async (t) => {
    const [folder, theirs] = folders(t);
    await host.replace(join(theirs, 'out/etc/x.conf'), bytes, foreign);
    symlinkSync('theirs', join(folder, 'ours'));
    await host.replace(join(folder, 'ours/out/etc/x.conf'), bytes, foreign);
    assert.deepEqual(readdirSync(join(theirs, 'out/etc')), ['x.conf']);
  });

  test("doesn't follow a link that others can create there", { skip }, async (t) => {
    const [folder, theirs] = folders(t);
    mkdirSync(join(folder, 'victim'));
    const link = join(theirs, 'etc');
    symlinkSync('../victim', link);
    for (const [file, subject] of [
      ['x.conf', 'it'],
      ['systemd/x.conf', `${link}/systemd`],
    ] as const) {
      assert.deepEqual(await failure(host.replace(join(link, file), bytes, foreign)), [
        'untrusted-file',
        `${link} is a link that others than root can change: root won't act on ${subject}`,
        'remove the link, or write elsewhere',
      ]);
    }
    assert.deepEqual(readdirSync(join(folder, 'victim')), []);
  });

  test('replaces a link in place of the file', { skip }, async (t) => {
    const [folder, theirs] = folders(t);
    writeFileSync(join(folder, 'victim'), 'kept');
    symlinkSync('../victim', join(theirs, 'x.conf'));
    await host.replace(join(theirs, 'x.conf'), bytes, foreign);
    assert.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'kept');
    assert.equal(readFileSync(join(theirs, 'x.conf'), 'utf8'), 'text\n');
  });

  test('removes all empty folders below the named one', { skip }, async (t) => {
    const folder = temporaryFolder(t);
    for (const name of ['a', 'b']) await host.replace(join(folder, 'out/one/etc', name), bytes, foreign);
    const within = join(folder, 'out');
    await host.remove(join(within, 'one/etc/a'), { foreign: true, within });
    assert.deepEqual(readdirSync(join(within, 'one/etc')), ['b']);
    await host.remove(join(within, 'one/etc/b'), { foreign: true, within });
    assert.deepEqual(readdirSync(folder), ['out']);
    assert.deepEqual(readdirSync(within), []);
  });

  test('removes what the path names, with its empty folders', { skip }, async (t) => {
    const [folder, theirs] = folders(t);
    const inside = 'x.service.d/zz-sandbox-unit.conf';
    await host.replace(join(theirs, 'etc', inside), bytes, foreign);
    await host.replace(join(folder, 'victim', inside), bytes, { mode: 0o644 });
    symlinkSync('../victim', join(theirs, 'planted'));
    const [code, message] = await failure(host.remove(join(theirs, 'planted', inside), { foreign: true }));
    assert.deepEqual(
      [code, message],
      [
        'untrusted-file',
        `${theirs}/planted is a link that others than root can change: root won't act on ${theirs}/planted/x.service.d`,
      ],
    );
    assert.ok(existsSync(join(folder, 'victim', inside)));
    await host.remove(join(theirs, 'etc', inside), { foreign: true });
    assert.deepEqual(readdirSync(join(theirs, 'etc')), []);
    await host.remove(join(theirs, 'etc', inside), { foreign: true });
    assert.deepEqual(readdirSync(theirs).sort(), ['etc', 'planted']);
  });
});
