import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned } from '../../support/planned.js';
import { RENAMING_CASES, renamingPolicy } from '../../support/renaming-cases.js';

/** What is said of folders that can be renamed. */
const said = (policy: string, lines = '') =>
  planned(policy, lines).diagnostics.filter(({ code }) => code === 'renamable');

const messages = (policy: string, lines = '') => said(policy, lines).map(({ message }) => message);

for (const one of RENAMING_CASES) {
  const policy = renamingPolicy(one);
  test(`${JSON.stringify(one.service)}: ${one.folder} ${one.says ? 'can' : "can't"} be renamed`, () => {
    const found = said(policy).map(({ severity, message, hint }) => `${severity}: ${message}; ${hint}`);
    assert.deepEqual(found, one.says ? [`warning: ${one.says}`] : []);
  });
}

const CLOSED = 'ReadOnlyPaths = ["/srv/a/b"]\n';

test('the reported line is that of the closed path, else of the writable one', () => {
  const both = said(`[service]\nReadWritePaths = ["/srv"]\n${CLOSED}`);
  const found = both.map(({ at }) => at?.line);
  assert.deepEqual(found, [3]);
  const own = said('[service]\nNice = 1\nReadWritePaths = ["/srv"]\n', 'ReadOnlyPaths=/srv/a/b');
  assert.deepEqual(
    own.map(({ at }) => at?.line),
    [3],
  );
});

test('paths of one folder are reported together, with all folders to be mounted', () => {
  const policy =
    '[service]\nReadWritePaths = ["-/srv/"]\nReadOnlyPaths = ["+/srv/a/c/x", "-/srv/a/c/y", "/srv/d/e"]\n';
  assert.deepEqual(messages(policy), [
    'the service can get around ReadOnlyPaths= for /srv/a/c/x, /srv/a/c/y: it may rename /srv/a',
    'the service can get around ReadOnlyPaths= for /srv/d/e: it may rename /srv/d',
  ]);
  assert.match(said(policy)[0]!.hint!, /BindPaths = \["\/srv\/a","\/srv\/a\/c"\]$/);
});

test("the unit's folders and specifiers count, as does a writable root", () => {
  const state = said(
    '[service]\nStateDirectory = ["demo"]\nInaccessiblePaths = ["/var/lib/demo/keys/private"]\n',
  );
  assert.match(state[0]!.message, /may rename \/var\/lib\/demo\/keys$/);
  assert.doesNotMatch(state[0]!.hint!, /narrow/);
  const home = '[service]\nReadWritePaths = ["%h"]\nReadOnlyPaths = ["%h/.config/x"]\n';
  assert.match(messages(home)[0]!, /for %h\/\.config\/x: it may rename %h\/\.config$/);
  const root = '[service]\nReadWritePaths = ["/"]\nInaccessiblePaths = ["/etc/shadow"]\n';
  assert.match(messages(root)[0]!, /may rename \/etc$/);
});

test("a folder that no line makes writable doesn't count, nor a file system in memory", () => {
  assert.deepEqual(messages(`[service]\n${CLOSED}`), []);
  assert.deepEqual(messages(`[service]\nProtectSystem = "strict"\n${CLOSED}`), []);
  assert.deepEqual(messages(`[service]\nTemporaryFileSystem = ["/srv"]\n${CLOSED}`), []);
  assert.deepEqual(messages(`[service]\nReadWritePaths = ["/srv"]\nInaccessiblePaths = ["/opt/a/b"]\n`), []);
});

test('a bind mount of another place closes nothing', () => {
  const of = (bind: string) =>
    messages(`[service]\nReadWritePaths = ["/srv"]\nBindReadOnlyPaths = ["${bind}"]\n`);
  assert.deepEqual(of('/dev/log:/srv/dev/log'), []);
  assert.equal(of('-/srv/dev/log:/srv/dev/log:norbind').length, 1);
});

test("a folder that can be renamed by the unit's own lines alone is not the policy's fault", () => {
  assert.deepEqual(messages('[service]\nNice = 1\n', 'ReadWritePaths=/srv\nReadOnlyPaths=/srv/a/b'), []);
});

test("the launcher's own mounts are not the policy's fault", () => {
  const policy =
    '[syscalls]\ndeny = ["execve"]\n[service]\nProtectSystem = "strict"\nReadWritePaths = ["/etc"]\n';
  assert.deepEqual(messages(policy), []);
});
