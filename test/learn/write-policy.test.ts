import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { provedPolicy, writeToFile } from '../../src/learn/write-policy.js';
import { keepRecording } from '../../src/observe/recordings/store.js';
import { NO_EXEC, SERVICE, UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { fakeContext, machineWith } from '../support/fake-system.js';
import { launcherObstacle, MACHINE } from '../support/native.js';
import { call, hostNamed, recording } from '../support/recordings.js';
import { inRepository } from '../support/repository.js';

const FILE = '/etc/sandbox-unit/learned.toml';

function machine(files: Readonly<Record<string, string>> = {}, service = SERVICE) {
  const system = machineWith(service, NO_EXEC, { files });
  return { system, context: fakeContext(system) };
}

test('a policy is written from recordings of this kind of machine', async () => {
  const { context } = machine();
  const arm = { ...hostNamed('two'), architecture: 'arm64' };
  await keepRecording(context, recording({ calls: [call('read')] }));
  await keepRecording(context, recording({ host: arm, calls: [] }));
  const { profile, policy, notes } = await provedPolicy(context, UNIT, {});
  assert.deepEqual([profile.recordings, profile.apart], [1, { arm64: 1 }]);
  assert.match(policy.text, /"read"/);
  const codes = notes.map(({ code }) => code);
  assert.deepEqual(codes, ['reachable-unknown']);
});

for (const [line, isOwn] of [
  ['RootDirectory=/srv/root', true],
  ['RootImage=/srv/image.raw', true],
  ['ExtensionImages=/srv/extension.raw', true],
  ['RootDirectory=/', false],
  ['RootImage=/srv/image.raw\nRootImage=', false],
] as const) {
  test(`reachability is ${isOwn ? 'unknown' : 'read from the host'} with ${JSON.stringify(line)}`, async () => {
    const { context } = machine({}, `${SERVICE}${line}\n`);
    await keepRecording(context, recording());
    const { notes } = await provedPolicy(context, UNIT, {});
    assert.equal(/the service sees other files than the host/.test(notes[0]!.message), isOwn);
  });
}

test('a service whose processes have left it may need any call, and gets no directive', async () => {
  const { context } = machine();
  await keepRecording(context, recording({ lost: { paths: 2, leavers: 1 } }));
  const { notes, policy } = await provedPolicy(context, UNIT, {});
  assert.match(notes[0]!.message, /processes moved out of its control group and were not watched/);
  assert.equal(policy.calls.find(({ name }) => name === 'flock')?.tier, 'log');
  assert.doesNotMatch(policy.text, /^Protect/m);
  assert.match(
    policy.text,
    /^# ProtectSystem = .*: processes moved out of its control group and were not watched\.$/m,
  );
});

test('without a recording of this kind of machine there is no policy', async () => {
  const { context } = machine();
  assert.equal((await failure(provedPolicy(context, UNIT, {})))[0], 'no-recording');
  await keepRecording(
    context,
    recording({ host: { ...hostNamed('two'), architecture: 'arm64' }, calls: [] }),
  );
  assert.equal((await failure(provedPolicy(context, UNIT, {})))[0], 'no-recording');
});

test("a daemon loses its script's calls that it can't reach, unless a runtime generates code", {
  skip: launcherObstacle(),
}, async () => {
  const bytes = readFileSync(inRepository(`native-helper/build/${MACHINE}/sandboxify`));
  const denied = async (daemon: string) => {
    const { system, context } = machine();
    system.files.set(daemon, { bytes, mode: 0o755 });
    const program = (path: string) => ({ path, hash: null, phases: ['start' as const] });
    const start = { phases: { start: 1 }, slices: 1 };
    const use = { use: 'execute', phases: ['start'], count: 1 } as const;
    await keepRecording(
      context,
      recording({
        programs: [program('/usr/bin/perl'), program(daemon)],
        paths: [{ path: '/usr/sbin/demod', ...use }],
        calls: [call('execve', start), call('getpgrp', start), call('read', { programs: [1] })],
      }),
    );
    const { ready } = (await provedPolicy(context, UNIT, {})).policy;
    return ready && 'deny' in ready ? ready.deny : [];
  };
  assert.deepEqual(await denied('/usr/bin/daemon'), ['execve', 'getpgid', 'getpgrp']);
  assert.deepEqual(await denied('/usr/bin/java'), ['execve']);
});

test('a learned policy only replaces another one', async () => {
  const { system, context } = machine();
  await keepRecording(context, recording());
  const proved = await provedPolicy(context, UNIT, { action: 'EACCES' });
  assert.match(proved.policy.text, /^action = "EACCES"$/m);
  assert.equal(await writeToFile(context, FILE, proved), undefined);
  assert.equal(await writeToFile(context, FILE, proved), proved.policy.text);
  const { text } = proved.policy;
  const last = text.slice(text.lastIndexOf('\n', text.length - 2) + 1);
  // Somebody's own, edited, promoted, cut, and empty ones.
  for (const other of [
    ...['description = "demo.service, learned from its work: 3 d"\n', last, '', `${text}\n`],
    ...[text.replace('EACCES', 'EPERM'), text.replace('allow = [', 'allow = [ "ptrace",')],
    ...[text.slice(0, -last.length), text.trimEnd(), `${text}# mine\n`],
  ]) {
    system.files.set(FILE, { bytes: new TextEncoder().encode(other), mode: 0o644 });
    assert.equal((await failure(writeToFile(context, FILE, proved)))[0], 'not-written', other);
    assert.equal(new TextDecoder().decode(system.files.get(FILE)!.bytes), other);
  }
});

test("learn --ready reports the service's processes, and the rotation of its logs", async () => {
  const rotated = { '/etc/logrotate.d/demo': 'postrotate\n service demo reload\n' };
  const start = { phases: { start: 1 }, slices: 1 };
  const of = async (reload: boolean, lines = '') => {
    const { context } = machine(rotated, `${SERVICE}${lines}`);
    await keepRecording(
      context,
      recording({ calls: [call('read'), call('bind', start), call('listen', start)] }),
    );
    return provedPolicy(context, UNIT, { ready: { reload } });
  };
  const { rotation, processes } = await of(false, 'ExecReload=/bin/kill -HUP $MAINPID\n');
  assert.deepEqual(rotation, { file: '/etc/logrotate.d/demo', command: 'service demo reload' });
  assert.equal(processes, 0);
  assert.equal((await of(true, 'ExecReload=/bin/kill -HUP $MAINPID\n')).rotation, undefined);
  assert.equal((await of(false)).rotation, undefined);
});
