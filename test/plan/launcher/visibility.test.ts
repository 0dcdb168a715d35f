import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenBy } from '../../../src/plan/launcher/visibility.js';
import { valuesOf } from '../../support/planned.js';

test('a directive that hides a path is named if a mount can overcome it', () => {
  const cases: readonly [lines: string, path: string, by: string | undefined][] = [
    ['', '/etc/a', undefined],
    ['RootDirectory=/srv', '/etc/a', 'RootDirectory'],
    ['RootDirectory=/srv\nTemporaryFileSystem=/etc', '/etc/a', 'RootDirectory'],
    ['RootImage=/a.raw\nRootImage=', '/etc/a', undefined],
    ['TemporaryFileSystem=/etc', '/etc/a', 'TemporaryFileSystem'],
    ['TemporaryFileSystem=/et', '/etc/a', undefined],
    ['TemporaryFileSystem=/%i', '/etc/a', 'TemporaryFileSystem'],
    ['TemporaryFileSystem=%h/etc', '/etc/a', 'TemporaryFileSystem'],
    ['TemporaryFileSystem=/%i/etc/a', '/srv/etc/a', 'TemporaryFileSystem'],
    ['TemporaryFileSystem=%h/et', '/etc/a', undefined],
    ['TemporaryFileSystem=%h/a/etc', '/etc/a', undefined],
    ['TemporaryFileSystem=%h/srv/..', '/etc/a', 'TemporaryFileSystem'],
    ['ProtectHome=tmpfs', '/home/a', 'ProtectHome'],
    ['ProtectHome=1', '/root/a', 'ProtectHome'],
    ['ProtectHome=read-only', '/home/a', undefined],
    ['ProtectHome=off', '/home/a', undefined],
    ['BindReadOnlyPaths=/srv:/etc', '/etc/a', 'BindReadOnlyPaths'],
    ['BindPaths=/etc:/etc', '/etc/a', undefined],
    ['BindPaths=/etc/.:/etc//', '/etc/a', undefined],
    ['BindPaths=/etc:/etc:norbind', '/etc/a', 'BindPaths'],
    ['BindPaths=/etc/a:/srv', '/etc/a', undefined],
  ];
  for (const [lines, path, by] of cases) assert.equal(hiddenBy(valuesOf(lines), [path]), by, lines);
});
