/** Tests of prepare/probe/target.ts and prepare/probe/abilities.ts: what is asked of a machine, and what that says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { probeMachine } from '../../../src/prepare/probe/target.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { LAUNCHER } from '../../support/demo-service.js';
import { type FakeOptions, FakeSystem, fakeContext, program } from '../../support/fake-system.js';

async function probe(options: FakeOptions = {}) {
  const context = fakeContext(new FakeSystem(options), { machine: 'x86-64' });
  const { facts: target, diagnostics } = await probeMachine(context);
  return { target, diagnostics };
}

const codes = async (options: FakeOptions) =>
  (await probe(options)).diagnostics.map(({ severity, code }) => `${severity} ${code}`);

async function failure(options: FakeOptions): Promise<string> {
  try {
    await probe(options);
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    assert.equal(cause.exit, 2);
    return cause.diagnostics.map(({ code }) => code).join();
  }
  return 'nothing';
}

test('a machine reports its version, its architecture and its sets', async () => {
  const { target, diagnostics } = await probe({ systemd: '257.13-1~deb13u1', architecture: 'arm64' });
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(
    [target.systemd, target.version, target.machine, target.scope, target.launcher],
    [257, '257.13-1~deb13u1', 'arm64', 'system', LAUNCHER],
  );
  assert.deepEqual([target.sets.source, target.sets.systemd], ['target', '257.13-1~deb13u1']);
});

test("if the sets can't be listed, the bundled ones are used", async () => {
  assert.equal((await probe({ systemd: '252', sets: false })).target.sets.source, 'bundled');
});

test("a machine with the bundled sets' release isn't asked for them", async () => {
  const { target } = await probe({ sets: false });
  assert.deepEqual([target.sets.source, target.sets.members], ['target', bundledSets().members]);
});

test('an invalid listing is refused', async () => {
  const systemd = '252';
  const programs = { env: () => ({ status: 0, stdout: '@default\nread\n', stderr: '' }) };
  assert.equal(await failure({ systemd, programs }), 'manager-answer');
});

const VERSIONS: readonly [version: string, says: string][] = [
  ['247', ''],
  ['262.1', ''],
  ['263~rc1', 'warning systemd-version'],
  ['300', 'warning systemd-version'],
];

for (const [systemd, says] of VERSIONS) {
  test(`systemd ${systemd} is ${says || 'known'}`, async () => {
    assert.deepEqual(await codes({ systemd }), says ? [says] : []);
  });
}

test('a systemd that is too old, or has no version, is refused', async () => {
  assert.equal(await failure({ systemd: '246.16' }), 'systemd-version');
  for (const systemd of ['', 'unknown', '24', 'v257']) {
    assert.equal(await failure({ systemd }), 'systemd-version', systemd);
  }
});

test("a machine of an unknown architecture is refused; one that reports none has this program's", async () => {
  for (const architecture of ['s390x', 'x86_64', 'constructor']) {
    assert.equal(await failure({ architecture }), 'no-helper');
  }
  assert.equal((await probe({ architecture: '' })).target.machine, 'x86-64');
});

test("a package's launcher comes before the one that apply installs", async () => {
  const packaged = '/usr/libexec/sandbox-unit/launcher';
  const { target } = await probe({ files: { [packaged]: program('x'), [LAUNCHER]: program('y') } });
  assert.equal(target.launcher, packaged);
});

test('mounts are known only for the running machine', async () => {
  const files = { '/proc/self/mountinfo': '23 22 0:22 / /run rw,noexec - tmpfs tmpfs rw\n' };
  const mounts = async (offline: boolean) =>
    (await probeMachine(fakeContext(new FakeSystem({ files }), { offline }))).facts.mounts;
  const found = (await mounts(false)).map(({ path, options }) => [path, options]);
  assert.deepEqual(found, [['/run', ['rw', 'noexec']]]);
  assert.deepEqual(await mounts(true), []);
});

const group = '/user.slice/user-1000.slice/user@1000.service';
const CONTROLLERS: readonly [machine: string, options: FakeOptions, lacks: string][] = [
  ['with all', { kernel: { '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n' } }, ''],
  ['that gets none', { kernel: { '/sys/fs/cgroup/cgroup.controllers': '' } }, 'cpu cpuset io memory pids'],
  [
    "where the manager is a user's",
    {
      controlGroup: group,
      kernel: {
        '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
        [`/sys/fs/cgroup${group}/cgroup.controllers`]: 'cpu memory pids\n',
      },
    },
    'cpuset io',
  ],
  [
    'with control groups v1',
    {
      kernel: { '/sys/fs/cgroup/memory/x': '', '/sys/fs/cgroup/blkio/x': '', '/sys/fs/cgroup/unified/x': '' },
    },
    'cpu cpuset pids',
  ],
];

for (const [machine, options, lacks] of CONTROLLERS) {
  test(`a machine ${machine} lacks ${lacks || 'no controllers'}`, async () => {
    const { abilities } = (await probe(options)).target;
    const known = ['cpu', 'cpuset', 'io', 'memory', 'pids'] as const;
    assert.equal(known.filter((name) => abilities.lacks.has(name)).join(' '), lacks);
  });
}
