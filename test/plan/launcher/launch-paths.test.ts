import assert from 'node:assert/strict';
import { test } from 'node:test';
import { error, note } from '../../../src/diagnostic.js';
import {
  isUntrustedOnly,
  loadedLaunch,
  plannedLaunch,
  untrustedPath,
} from '../../../src/plan/launcher/launch-paths.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { FOLDER, NO_EXEC } from '../../support/demo-service.js';
import { planned, unitFile } from '../../support/planned.js';

const INSTALLED = '/usr/local/libexec/sandbox-unit';

const launchOf = (policy: string, lines = '', packaged: readonly string[] = []) =>
  plannedLaunch(planned(policy, lines), effectiveUnit([unitFile(lines)]), packaged);

test('without a filter for the launcher no path is checked', () => {
  assert.equal(launchOf('[syscalls]\ndeny = ["uname"]'), undefined);
});

test('for files that are written again the folder counts, for a packaged launcher the file', () => {
  assert.deepEqual(launchOf(NO_EXEC)!.paths, [INSTALLED, FOLDER]);
  assert.deepEqual(launchOf(NO_EXEC, '', [`${INSTALLED}/launcher`])!.paths, [
    `${INSTALLED}/launcher`,
    FOLDER,
  ]);
});

test("the program and the filter of [ready] count, also if the launcher doesn't start the service", () => {
  const ready = '[ready]\ndeny = ["execve"]\n';
  const { paths, privileged } = launchOf(ready)!;
  assert.deepEqual([paths, privileged], [[], ['/usr/libexec/sandbox-unit', FOLDER]]);
  const packaged = ['/usr/libexec/sandbox-unit/tighten'];
  assert.deepEqual(launchOf(ready, '', packaged)!.privileged, [...packaged, FOLDER]);
  const both = launchOf(`[syscalls]\ndeny = ["write"]\n${ready}`)!;
  assert.deepEqual([both.paths, both.privileged], [[INSTALLED, FOLDER], privileged]);
  assert.deepEqual(launchOf(NO_EXEC)!.privileged, []);
  const own = { program: '/l/launcher', filter: '/d/f' };
  const loading = { program: '/l/tighten', filter: '/d/r' };
  const loaded = (launched: typeof own | undefined) =>
    loadedLaunch('demo.service', { launched, loading }, new Map());
  assert.deepEqual(loaded(undefined).paths, []);
  assert.deepEqual(loaded(own).paths, ['/l/launcher', '/d/f']);
  assert.deepEqual(loaded(own).privileged, ['/l/tighten', '/d/r']);
});

test("the service sees the host's files through its root and its own mounts, not sandbox-unit's", () => {
  const { view } = launchOf(
    NO_EXEC,
    'RootDirectory=/srv/root/\nBindPaths=-/a:/b:norbind\nBindReadOnlyPaths="/c d"',
  )!;
  assert.equal(view.root, '/srv/root');
  assert.deepEqual(view.binds, [
    { source: '/a', destination: '/b', by: 'BindPaths' },
    { source: '/c d', destination: '/c d', by: 'BindReadOnlyPaths' },
  ]);
  assert.equal(launchOf(NO_EXEC)!.view.root, '/');
});

test('everything that others can change in a path is one error, at the line that leads there', () => {
  const launch = launchOf(NO_EXEC, 'RootDirectory=/srv')!;
  assert.deepEqual(untrustedPath(launch, '/a', [], false), []);
  const [found, ...more] = untrustedPath(
    launch,
    '/usr/x',
    [
      { path: '/srv', why: 'belongs to user 7', by: 'RootDirectory' },
      { path: '/srv/\x1b[31m', why: 'may be written by all' },
    ],
    false,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(
    [found!.severity, found!.code, found!.at?.file, found!.at?.line],
    ['error', 'untrusted-path', 'demo.service', 3],
  );
  assert.match(
    found!.message,
    /^RootDirectory= of demo\.service: \/srv belongs to user 7, \/srv\/\\x1b\[31m may be written by all: /,
  );
  const many = Array.from({ length: 9 }, (_, i) => ({ path: `/${i}`, why: 'may be written by all' }));
  const [inside] = untrustedPath(launch, '/usr/x', many, true);
  assert.match(
    inside!.message,
    /^\/0 .*, \/4 may be written by all in the mount namespace of demo\.service: /,
  );
});

test('the running program is unknown if the only problem is an untrusted start', () => {
  const untrusted = error('untrusted-path', '');
  assert.ok(isUntrustedOnly([untrusted, untrusted]));
  assert.ok(!isUntrustedOnly([]));
  assert.ok(!isUntrustedOnly([untrusted, note('permissive', '')]));
});

test('images may have files anywhere; paths with specifiers are left to the manager', () => {
  const { images } = launchOf(NO_EXEC, 'ExtensionDirectories=-/x /%i\nRootImage=relative')!;
  const found = images.map(({ source, by }) => `${by} ${source}`);
  assert.deepEqual(found, ['ExtensionDirectories /x']);
});
