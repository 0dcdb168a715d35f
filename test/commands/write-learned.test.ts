import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learn } from '../../src/commands/learn.js';
import { keepRecording } from '../../src/learn/recordings/store.js';
import { parsePolicy } from '../../src/policy/parse.js';
import { NO_EXEC, SERVICE, UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { fakeContext, machineWith } from '../support/fake-system.js';
import { call, hostNamed, recording } from '../support/recordings.js';

const FILE = '/etc/sandbox-unit/learned.toml';

async function recorded(files: Readonly<Record<string, string>> = {}) {
  const system = machineWith(SERVICE, NO_EXEC, { files });
  const context = fakeContext(system);
  await keepRecording(context, recording({ calls: [call('read'), call('openat'), call('clock_nanosleep')] }));
  const write = (write: string | boolean) => learn(context, ['demo'], { show: true, write });
  return { system, context, write };
}

const codes = ({ diagnostics }: { readonly diagnostics: readonly { readonly code: string }[] }) =>
  diagnostics.map(({ code }) => code);

test('without a file the policy is the output, and can be parsed', async () => {
  const { system, write } = await recorded();
  system.calls.length = 0;
  const written = await write(true);
  assert.equal(written.exit, 0);
  const { policy, diagnostics } = parsePolicy(written.text, 'x.toml');
  assert.deepEqual(diagnostics, []);
  const names = policy.syscalls!.allow!.map(({ name }) => name);
  for (const name of ['read', 'openat', 'clock_nanosleep', 'rt_sigreturn'])
    assert.ok(names.includes(name), name);
  assert.equal(written.json.policy, written.text);
  assert.ok(codes(written).includes('tiers'));
  assert.deepEqual(system.changes, []);
});

test('addresses are confined where that is asked for', async () => {
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

test('a file is written, and written again, with what has changed', async () => {
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

test('a file that somebody wrote stays', async () => {
  const { system, write } = await recorded({ [FILE]: 'description = "mine"\n' });
  assert.equal((await failure(write(FILE)))[0], 'policy-exists');
  assert.equal(new TextDecoder().decode(system.files.get(FILE)!.bytes), 'description = "mine"\n');
});

test('nothing is written without a recording, for several units, or with another action', async () => {
  const context = fakeContext(machineWith(SERVICE, NO_EXEC));
  assert.equal((await failure(learn(context, [UNIT], { show: true, write: true })))[0], 'no-recording');
  assert.equal((await failure(learn(context, [UNIT, 'x'], { show: true, write: true })))[0], 'usage');
  assert.equal((await failure(learn(context, [UNIT], { forget: true, write: true })))[0], 'usage');
  assert.equal((await failure(learn(context, [UNIT, 'x'], { write: true })))[0], 'usage');
});
