import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenBy } from '../../../src/plan/launcher/visibility.js';
import type { Plan } from '../../../src/plan/plan.js';
import { FILTER, LAUNCHER, NO_EXEC } from '../../support/demo-service.js';
import { planned, targetOf, valuesOf } from '../../support/planned.js';

const codes = (plan: Plan) => plan.diagnostics.map(({ code, severity }) => `${severity} ${code}`);

test('the directive that hides a path and that a mount of ours overcomes', () => {
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

/** What keeps the launcher from its filter, and can be told. */
const KEPT: readonly [lines: string, hidden: boolean][] = [
  ['RootDirectory=/', false],
  ['RootDirectory=/\nTemporaryFileSystem=/etc', true],
  ['RootDirectory=//\nTemporaryFileSystem=/usr', true],
  ['RootDirectory=/\nTemporaryFileSystem=/var', false],
  ['RootDirectory=/srv\nTemporaryFileSystem=/etc', false],
  ['RootDirectory=/\nBindPaths=/srv:/etc', true],
  [`BindPaths=/bin/true:${LAUNCHER}`, true],
  [`BindReadOnlyPaths=/dev/null:/${FILTER}`, true],
  ['BindPaths=/srv:/usr/local', false],
  ['TemporaryFileSystem=/etc:mode=0700', false],
  ['User=nobody\nTemporaryFileSystem=/etc', false],
  ['User=nobody\nTemporaryFileSystem=/etc:ro,mode=0700', true],
  ['DynamicUser=yes\nTemporaryFileSystem=/usr:mode=750', true],
  ['User=nobody\nTemporaryFileSystem=/etc:mode=0711', false],
  ['User=nobody\nTemporaryFileSystem=/etc:mode=0700,uid=65534', false],
  ['User=nobody\nTemporaryFileSystem=/var:mode=0700', false],
];

for (const [lines, hidden] of KEPT) {
  test(`the launcher ${hidden ? "can't be shown" : 'can be shown'} with '${lines.replaceAll('\n', ', ')}'`, () => {
    assert.deepEqual(codes(planned(NO_EXEC, lines)), hidden ? ['error launcher-hidden'] : []);
  });
}

const INACCESSIBLE: readonly [lines: string, hidden: readonly string[]][] = [
  ['InaccessiblePaths=/mnt', []],
  ['InaccessiblePaths=/usr/local', [LAUNCHER]],
  ['InaccessiblePaths=-/usr/local +/etc/systemd', [LAUNCHER, FILTER]],
  ['InaccessiblePaths="/usr/local"', [LAUNCHER]],
  [`InaccessiblePaths=${FILTER}`, [FILTER]],
  ['InaccessiblePaths=/usr/local\nInaccessiblePaths=', []],
  ['InaccessibleDirectories=/usr/local', [LAUNCHER]],
];

for (const [lines, hidden] of INACCESSIBLE) {
  test(`'${lines.replaceAll('\n', ', ')}' hides ${hidden.length} of launcher and filter for good`, () => {
    const { diagnostics } = planned(NO_EXEC, lines);
    assert.deepEqual(
      diagnostics.map(({ severity, message }) => `${severity}: ${message}`),
      hidden.map((path) => `error: InaccessiblePaths= hides ${path} from the service`),
    );
  });
}

test("homes that are hidden hide a user's launcher for good, unless they are in memory", () => {
  const target = targetOf(257, { scope: 'user', launcher: '/home/op/.local/libexec/sandbox-unit/launcher' });
  const hidden = (value: string) => codes(planned(NO_EXEC, `ProtectHome=${value}`, target));
  assert.deepEqual(hidden('yes'), ['error launcher-hidden']);
  assert.deepEqual(['tmpfs', 'read-only', 'no'].flatMap(hidden), []);
});
