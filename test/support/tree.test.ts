import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach } from 'node:test';
import { boxAvailable } from './box.js';
import { inRepository } from './repository.js';
import { run } from './run.js';
import { temporaryFolder } from './temporary.js';
import { testsUnless } from './tests-unless.js';
import { until } from './until.js';

const test = testsUnless(boxAvailable());
const folder = temporaryFolder({ after });

const store = join(folder, 'store of trees');
const calls = join(folder, 'calls');

/** Stands in for mmdebstrap: notes its call, and does what DO says with the folder that it shall fill. */
const MMDEBSTRAP = `#!/bin/bash
for last; do :; done
echo "$last" >>'${calls}'
mkdir "$last/etc"
eval "$DO"
`;

beforeEach(() => {
  rmSync(store, { recursive: true, force: true });
  rmSync(calls, { force: true });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', 'mmdebstrap'), MMDEBSTRAP, { mode: 0o755 });
});

const environment = (behaviour: string) => ({
  ...(process.env as Record<string, string>),
  PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
  DO: behaviour,
});

const script = (name: string) => [
  'bash',
  inRepository('test/support/tree.sh'),
  name,
  join(store, name),
  'trixie',
  'dbus,nginx',
];

const build = (name: string, behaviour = ':') => run(script(name), { env: environment(behaviour) });

const called = () => readFileSync(calls, 'utf8').trim().split('\n').length;

test('a tree is built once, also when two processes need it at once', async () => {
  const results = await Promise.all([build('tree', 'sleep 0.2'), build('tree', 'sleep 0.2')]);
  const found = results.map(({ status }) => status);
  assert.deepEqual(found, [0, 0]);
  await build('tree');
  assert.equal(called(), 1);
  assert.deepEqual(readdirSync(store).sort(), ['lock-tree', 'tree']);
  assert.deepEqual(readdirSync(join(store, 'tree')), ['etc']);
});

test('a failed build is repeated, then reports why and leaves nothing', async () => {
  const { status, stdout } = await build('tree', 'echo "E: no mirror"; exit 1');
  assert.equal(status, 1);
  assert.equal(
    stdout,
    `cannot build the Debian tree 'tree': it needs a Debian mirror (SANDBOX_UNIT_MIRROR=URL names another) and 1 GB in '${store}'\nE: no mirror\n`,
  );
  assert.equal(called(), 2);
  assert.deepEqual(readdirSync(store), ['lock-tree']);
});

test('remains of a killed build are removed by the next one', async () => {
  const [command, ...words] = script('tree');
  const killed = spawn(command!, words, { env: environment('sleep 60'), stdio: 'ignore', detached: true });
  await until('the build to have begun', () => readdirSync(folder).includes('calls'));
  process.kill(-killed.pid!, 'SIGKILL');
  await until('its end', () => killed.signalCode !== null);
  assert.equal(readdirSync(store).length, 2);
  assert.equal((await build('tree')).status, 0);
  assert.deepEqual(readdirSync(store).sort(), ['lock-tree', 'tree']);
});

test("trees that weren't used for a week are removed, unless they are in use", async () => {
  const week = 8 * 24 * 3600;
  for (const name of ['old', 'in use', 'fresh']) mkdirSync(join(store, name), { recursive: true });
  for (const name of ['old', 'in use'])
    utimesSync(join(store, name), Date.now() / 1000 - week, Date.now() / 1000 - week);
  const user = spawn('flock', ['--shared', join(store, 'in use'), 'sh', '-c', 'echo; read x'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => user.stdout.once('data', resolve));
  await build('tree');
  user.stdin.end();
  assert.deepEqual(readdirSync(store).sort(), ['fresh', 'in use', 'lock-tree', 'tree']);
});
