/** Tests of cli/run/explain-tightened.ts and cli/run/explain-loaded.ts: a service without a policy, whose processes `tighten` gave a filter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../../src/cli/commands/explain.js';
import { codeOf, UserError } from '../../../src/diagnostic.js';
import { recordedHost } from '../../../src/observe/recordings/host.js';
import { keepRecording } from '../../../src/observe/recordings/store.js';
import { run as apply } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';
import { recording } from '../../support/recordings.js';
import { runTighten, tightenable } from '../../support/tightened-in-memory.js';

const LOGS = { files: { '/etc/machine-id': `${'0a'.repeat(16)}\n` } };

/** A service that is refused calls by `tighten` alone. */
async function tightened(deny = ['execve,@mount']): Promise<FakeSystem> {
  const { system } = tightenable(undefined, LOGS);
  system.files.delete(`/etc/sandbox-unit/${UNIT}.toml`);
  assert.equal((await runTighten(system, { deny })).exit, 0);
  return system;
}

async function explained(system: FakeSystem) {
  const { exit, json, text, diagnostics } = await explain(fakeContext(system), [UNIT], {});
  const refusals = json.refusals as {
    call: string;
    cause: { kind: string; what: string };
    changes: object[];
  }[];
  return {
    exit,
    refusals,
    text,
    diagnostics,
    codes: diagnostics.map(({ code }) => code),
    policy: json.policy,
  };
}

test('calls that a watch saw refused are explained by the entry that refuses them', async () => {
  const system = await tightened();
  const host = await recordedHost(fakeContext(system));
  const common = { architecture: 'x86-64', answer: 1, count: 2, programs: [0] } as const;
  const refused = [
    { ...common, number: 59, name: 'execve' },
    { ...common, number: 165, name: 'mount' },
    { ...common, number: 101, name: 'ptrace' },
  ];
  await keepRecording(fakeContext(system), recording({ host, refused }));
  const { exit, refusals, text, codes, policy } = await explained(system);
  assert.deepEqual([exit, policy, codes.at(-1)], [1, null, 'tightened']);
  assert.deepEqual(refusals.map(({ call, cause, changes }) => [call, cause.kind, changes.length]).sort(), [
    ['execve', 'tightened', 0],
    ['mount', 'tightened', 0],
    ['ptrace', 'elsewhere', 0],
  ]);
  assert.match(
    text,
    /mount \(165\) failed: refused by sandbox-unit tighten \(@mount\), until the next start/,
  );
});

test('beside a policy each call has the line or the entry that refuses it', async () => {
  const { system } = tightenable('[syscalls]\ndeny = ["swapon"]\naction = "EPERM"\n', LOGS);
  await apply(system);
  await runTighten(system, { deny: ['execve'] });
  const host = await recordedHost(fakeContext(system));
  const common = { architecture: 'x86-64', answer: 1, count: 2, programs: [0] } as const;
  const refused = [
    { ...common, number: 59, name: 'execve' },
    { ...common, number: 167, name: 'swapon' },
  ];
  await keepRecording(fakeContext(system), recording({ host, refused }));
  const { refusals } = await explained(system);
  assert.deepEqual(refusals.map(({ call, cause }) => [call, cause.kind]).sort(), [
    ['execve', 'tightened'],
    ['swapon', 'denied'],
  ]);
});

test('without a watch calls that fail with an errno are unknown, and a hint says how to see them', async () => {
  const { exit, diagnostics } = await explained(await tightened());
  const [first, ...others] = diagnostics.filter(({ code }) => code !== 'records-incomplete');
  assert.deepEqual([exit, others.map(({ code }) => code)], [0, ['tightened']]);
  assert.equal(first!.code, 'no-record');
  assert.match(first!.message, /^calls that fail with an errno leave no record$/);
  assert.equal(first!.hint, `'sandbox-unit watch ${UNIT}' shows such calls as they are refused`);
});

test('if tighten refuses nothing, the missing policy is the error', async () => {
  const system = await tightened();
  await system.restart(UNIT);
  await assert.rejects(explained(system), (cause) => codeOf(cause) === 'no-policy');
  const { system: other } = tightenable();
  await runTighten(other);
  other.files.delete(`/etc/sandbox-unit/${UNIT}.toml`);
  const named = explain(fakeContext(other), [UNIT], { policy: '/nothing.toml' });
  await assert.rejects(named, (cause) => cause instanceof UserError && codeOf(cause) === 'no-policy');
});
