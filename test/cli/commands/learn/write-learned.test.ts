import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learn } from '../../../../src/cli/commands/learn/learn.js';
import { forgetRecordings, keepRecording } from '../../../../src/observe/recordings/store.js';
import { parsePolicy } from '../../../../src/policy/parse.js';
import { PACKAGED_INJECTOR } from '../../../../src/systemd/paths/programs.js';
import { parseUnitName, type UnitName } from '../../../../src/systemd/unit/name.js';
import { NO_EXEC, SERVICE, UNIT } from '../../../support/demo-service.js';
import { failure } from '../../../support/failure.js';
import { fakeContext, machineWith } from '../../../support/fake-system.js';
import { call, hostNamed, recording } from '../../../support/recordings.js';

const FILE = '/etc/sandbox-unit/learned.toml';

async function recorded(files: Readonly<Record<string, string>> = {}, service = SERVICE) {
  const system = machineWith(service, NO_EXEC, { files });
  const context = fakeContext(system);
  await keepRecording(context, recording({ calls: [call('read'), call('openat'), call('clock_nanosleep')] }));
  const write = (write: string | boolean, more: object = {}) =>
    learn(context, ['demo'], { show: true, write, ...more });
  return { system, context, write };
}

const codes = ({ diagnostics }: { readonly diagnostics: readonly { readonly code: string }[] }) =>
  diagnostics.map(({ code }) => code);

test('learn --write: without a file the policy is printed, and can be parsed', async () => {
  const { system, write } = await recorded();
  system.calls.length = 0;
  const written = await write(true);
  assert.equal(written.exit, 0);
  const { policy, diagnostics } = parsePolicy(written.text, 'x.toml');
  assert.deepEqual(diagnostics, []);
  const names = policy.syscalls!.allow!.map(({ name }) => name);
  for (const name of ['read', 'openat', 'clock_nanosleep', 'rt_sigreturn'])
    assert.ok(names.includes(name), name);
  assert.equal(written.json.text, written.text);
  assert.ok(codes(written).includes('tiers'));
  assert.deepEqual(system.changes, []);
});

test('learn --addresses: addresses are confined', async () => {
  const { context } = await recorded();
  const peer = { use: 'accept', family: 2, type: 1, address: '10.9.9.9', port: null, count: 1 } as const;
  await keepRecording(
    context,
    recording({ host: hostNamed('two'), calls: [call('read', { phases: { start: 1 } })], peers: [peer] }),
  );
  const policyWith = async (options: object) =>
    parsePolicy((await learn(context, [UNIT], { show: true, write: true, ...options })).text, 'x.toml')
      .policy;
  const listed = async (options: object) =>
    (await policyWith(options)).service.flatMap(({ name, value }) =>
      name.startsWith('IPAddress') ? [[name, value]] : [],
    );
  assert.deepEqual(await listed({}), []);
  assert.deepEqual(await listed({ addresses: true }), [
    ['IPAddressDeny', 'any'],
    ['IPAddressAllow', ['10.9.9.9']],
  ]);
});

test('learn --write: writes a file, and again with what has changed', async () => {
  const { system, context, write } = await recorded();
  const first = await write(FILE);
  assert.deepEqual([first.exit, first.text], [0, '']);
  assert.ok(codes(first).includes('written'));
  const before = new TextDecoder().decode(system.files.get(FILE)!.bytes);
  await keepRecording(
    context,
    recording({ begin: '2026-11-22T10:00:00.000Z', end: '2026-11-22T11:00:00.000Z', calls: [call('uname')] }),
  );
  const second = await write(FILE);
  assert.match(second.text, /^\+.*"uname"/m);
  assert.notEqual(new TextDecoder().decode(system.files.get(FILE)!.bytes), before);
});

test('learn --write: names dangerous calls that it allows', async () => {
  const { context, write } = await recorded();
  assert.ok(!codes(await write(true)).includes('opens'));
  await keepRecording(context, recording({ end: '2026-11-23T10:00:00.000Z', calls: [call('bpf')] }));
  const { text, diagnostics } = await write(true);
  const [said] = diagnostics.filter(({ code }) => code === 'opens');
  assert.match(said!.message, /because they were seen: bpf$/);
  assert.match(text, /^# Dangerous calls, allowed because they were seen: bpf\.$/m);
});

test('learn --write: warns that a service that creates its socket in /run keeps all of /run open', async () => {
  const { context, write } = await recorded();
  await forgetRecordings(context, parseUnitName('demo.service') as UnitName);
  const bound = { use: 'bind' as const, family: 1, type: 1, address: '/run/demo.sock', port: null, count: 1 };
  await keepRecording(
    context,
    recording({ calls: [call('bind', { phases: { start: 1, stop: 1 } })], peers: [bound], lost: {} }),
  );
  const [said] = (await write(true, { now: true })).diagnostics.filter(({ code }) => code === 'opens');
  assert.match(
    said!.message,
    /^demo\.service may write anywhere in \/run, .*: the service creates the socket \/run\/demo\.sock$/,
  );
  assert.match(said!.hint!, /^set RuntimeDirectory= in a drop-in/);
});

test('learn --write: a policy for one program names programs that run without it', async () => {
  const { context, write } = await recorded({}, `${SERVICE}Type=idle\n`);
  const programs = ['/bin/sh', '/usr/bin/demo'].map((path) => ({
    ...{ path, hash: null, phases: ['start' as const] },
  }));
  const executed = ['/usr/sbin/demod', '/usr/bin/demo'].map((path) => ({
    ...{ path, use: 'execute' as const, phases: ['start' as const], count: 1 },
  }));
  const calls = [
    ...['read', 'openat', 'clock_nanosleep'].map((name) => call(name, { programs: [1] })),
    call('execve', { phases: { start: 1 }, slices: 1 }),
  ];
  await forgetRecordings(context, parseUnitName('demo.service') as UnitName);
  await keepRecording(context, recording({ programs, calls, paths: executed, lost: {} }));
  const { text, diagnostics } = await write(true);
  const why = "[ready] can't be enforced: with Type=idle systemd does not report the program's start";
  const said = `/usr/bin/demo keeps the calls of its start script: ${why}.`;
  assert.ok(text.includes(`\n# ${said}\n`), text);
  const [warning] = diagnostics.filter(({ code }) => code === 'opens');
  assert.ok(warning!.hint!.startsWith(`/usr/bin/demo keeps the calls of its start script: ${why}; `));
});

test('learn --write: leaves a hand-written file', async () => {
  const { system, write } = await recorded({ [FILE]: 'description = "mine"\n' });
  assert.equal((await failure(write(FILE)))[0], 'not-written');
  assert.equal(new TextDecoder().decode(system.files.get(FILE)!.bytes), 'description = "mine"\n');
});

test("learn --write: writes nothing if a recording can't be read, because it may have more calls", async () => {
  const { system, write } = await recorded();
  const [path] = [...system.files.keys()].filter((one) => one.includes('/recordings/'));
  const broken = path!.replace(/\d{8}T/, '20300109T');
  system.files.set(broken, { bytes: new TextEncoder().encode('{'), mode: 0o600 });
  for (const to of [FILE, true]) assert.equal((await failure(write(to)))[0], 'bad-file');
  assert.equal(system.files.has(FILE), false);
});

test('learn --write: writes nothing for a watch that saw no call', async () => {
  const context = fakeContext(machineWith(SERVICE, NO_EXEC));
  await keepRecording(context, recording({ calls: [] }));
  const [code] = await failure(learn(context, [UNIT], { show: true, write: true }));
  assert.equal(code, 'no-recording');
});

test('learn --write: writes nothing without a recording, for several units, or with another action', async () => {
  const context = fakeContext(machineWith(SERVICE, NO_EXEC));
  assert.equal((await failure(learn(context, [UNIT], { show: true, write: true })))[0], 'no-recording');
  assert.equal((await failure(learn(context, [UNIT, 'x'], { show: true, write: true })))[0], 'usage');
  assert.equal((await failure(learn(context, [UNIT], { forget: true, write: true })))[0], 'usage');
  assert.equal((await failure(learn(context, [UNIT, 'x'], { write: true })))[0], 'usage');
});

test('learn --ready: removes calls of the start, and reports what is missing for it', async () => {
  const { context } = await recorded({ [PACKAGED_INJECTOR]: '' });
  await forgetRecordings(context, parseUnitName('demo.service') as UnitName);
  const start = { phases: { start: 1 }, slices: 1 };
  const calls = [call('read'), call('bind', start), call('socket', start)];
  const written = async (more: object = {}) =>
    learn(context, [UNIT], { show: true, write: true, ready: true, reload: true, ...more });
  await keepRecording(context, recording({ calls }));
  const { json, text, diagnostics } = await written();
  assert.deepEqual(json.ready, ['bind']);
  const names = parsePolicy(text, 'x.toml').policy.ready?.deny.map(({ name }) => name);
  assert.deepEqual(names, ['bind']);
  const said = diagnostics.filter(({ code }) => code.startsWith('ready')).map(({ message }) => message);
  assert.deepEqual(said, [
    '[ready] refuses 1 call that only the start of demo.service makes: bind',
    'the watch was shorter than a day and had no exercise: [ready] still allows socket',
  ]);
});

test('learn --write: names the lines that wait; with --now all are stated, and the risk is named', async () => {
  const { context, write } = await recorded();
  await forgetRecordings(context, parseUnitName('demo.service') as UnitName);
  await keepRecording(context, recording({ calls: [call('read', { phases: { start: 1, stop: 1 } })] }));
  const first = await write(true);
  const waits = first.diagnostics.find(({ code }) => code === 'not-stated')!;
  assert.match(
    waits.message,
    /^\d+ lines of \[service\] wait for a day of work, a log rotation and a restart \(0 of 3 seen\)$/,
  );
  assert.match(waits.hint!, /^'sandbox-unit learn --background --for 7d demo\.service' watches on/);
  assert.match(first.text, /^ProtectSystem = "full"$/m);
  const now = await write(true, { now: true });
  assert.match(now.text, /^ProtectSystem = "strict"$/m);
  assert.deepEqual(
    now.diagnostics.flatMap(({ code, message }) => (code === 'stated-early' ? [message] : [])),
    [
      'no day of work and no log rotation and no restart was seen: the service fails if one needs what [service] now refuses',
    ],
  );
});
