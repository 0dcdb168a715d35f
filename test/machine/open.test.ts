import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import { isRunningRoot, type OpenOptions, open } from '../../src/machine/open.js';
import { temporaryFolder } from '../support/temporary.js';

const SHELL = {
  home: '/',
  self: ['/node', '/script'],
  homeDirectory: '/',
  environment: {},
  printError: () => undefined,
  columns: () => 0,
};

/** What is said where there is no bus. */
async function hintFor(options: Partial<OpenOptions>): Promise<string | undefined> {
  const { context, close } = open({ ...SHELL, ...options });
  try {
    await context.system.manager();
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    assert.equal(cause.diagnostics[0]!.code, 'no-bus');
    return cause.diagnostics[0]!.hint;
  } finally {
    await close();
  }
  return undefined;
}

test('--root must name a folder', () => {
  const said = (root: string) => {
    try {
      return open({ root, ...SHELL });
    } catch (cause) {
      assert.ok(cause instanceof UserError, String(cause));
      const [{ code, message, hint } = { code: '', message: '', hint: '' }] = cause.diagnostics;
      assert.match(hint!, /^--root names/);
      return `${cause.exit} ${code}: ${message}`;
    }
  };
  assert.equal(said('/proc/version'), '2 offline: /proc/version is not a folder');
  assert.equal(said('/no/such'), '2 offline: there is no folder /no/such');
});

test('--root must not name the root of a running system, by any path', (t) => {
  const folder = temporaryFolder(t);
  const [root, other, link] = ['root', 'other', 'link'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const one of [root, other]) mkdirSync(join(one, 'run/systemd/system'), { recursive: true });
  symlinkSync('root', link);
  const isRunning = (path: string) => isRunningRoot(path, [join(folder, 'nothing'), root]);
  const paths = [root, `${root}//`, `${root}/run/..`, link];
  assert.deepEqual(paths.map(isRunning), [true, true, true, true]);
  assert.deepEqual([other, folder].map(isRunning), [false, false]);
  rmSync(join(root, 'run/systemd'), { recursive: true });
  assert.deepEqual(paths.map(isRunning), [false, false, false, false]);
});

const nowhere = 'unix:path=/nowhere/bus';

test('without a bus the hint is for the bus that was needed', async () => {
  const system = { environment: { DBUS_SYSTEM_BUS_ADDRESS: nowhere } };
  const isBooted = existsSync('/run/systemd/system');
  assert.match(
    (await hintFor(system))!,
    isBooted ? /^is dbus.socket active\?$/ : /^systemd isn't running here/,
  );
  const user = (environment: OpenOptions['environment']) => hintFor({ user: true, environment });
  assert.match((await user({ XDG_RUNTIME_DIR: '/nowhere' }))!, /'loginctl enable-linger'/);
  assert.match((await user({ DBUS_SESSION_BUS_ADDRESS: nowhere }))!, /^XDG_RUNTIME_DIR is not set/);
  assert.match((await user({ DBUS_SESSION_BUS_ADDRESS: '' }))!, /^XDG_RUNTIME_DIR is not set/);
});

test("a program that can't be executed is told from one that can", (t) => {
  const folder = temporaryFolder(t);
  const path = (name: string) => join(folder, name);
  writeFileSync(path('runs'), '', { mode: 0o755 });
  writeFileSync(path('text'), '', { mode: 0o644 });
  mkdirSync(path('folder'));
  const { context } = open(SHELL);
  const why = (name: string) => context.caller.whyNotExecutable(path(name));
  assert.deepEqual(['runs', 'text', 'folder', 'nothing', 'text/below'].map(why), [
    undefined,
    'it is not executable',
    'it is not a file',
    'no such file',
    'no such file',
  ]);
});
