import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import { learn } from '../../src/commands/learn.js';
import type { Recording } from '../../src/evidence/recording/recording.js';
import { keepRecording } from '../../src/learn/recordings/store.js';
import { machine } from '../support/apply-in-memory.js';
import { UNIT } from '../support/demo-service.js';
import { fakeContext } from '../support/fake-system.js';
import { call, recording } from '../support/recordings.js';

const POLICY =
  '# mine\n[syscalls]\naction = "EPERM"\nallow = ["@system-service"]\ndeny = ["execve"]\nlog = ["poll", "chmod"]\n';
const FILE = `/etc/sandbox-unit/${UNIT}.toml`;
/** Recordings of it were made under a policy that was applied before. */
const WEEK = { begin: '2030-01-01T00:00:00.000Z', end: '2030-01-08T00:00:01.000Z' };

async function applied(recordings: readonly Recording[], policy = POLICY) {
  const system = machine({}, policy);
  const context = fakeContext(system);
  const { exit } = await apply(context, [UNIT], {});
  assert.equal(exit, 0);
  for (const one of recordings) await keepRecording(context, one);
  const text = () => new TextDecoder().decode(system.files.get(FILE)!.bytes);
  return { context, text };
}

const used = (more: Partial<Recording> = {}) =>
  recording({ ...WEEK, lost: {}, calls: [call('poll'), call('read')], ...more });

test('what was used is allowed, the rest is refused, and the rest of the file stays', async () => {
  const { context, text } = await applied([used()]);
  const { exit, text: said, json, diagnostics } = await learn(context, [UNIT], { promote: true });
  assert.equal(exit, 0);
  assert.deepEqual(Object.keys(json).sort(), [
    'allowed',
    'kept',
    'policy',
    'refused',
    'ruled',
    'seconds',
    'unit',
  ]);
  assert.deepEqual([json.allowed, json.refused], [['poll'], ['chmod']]);
  assert.match(said, /^\+.*"poll"/m);
  assert.match(text(), /^# mine\n/);
  assert.match(text(), /^deny = \["execve", "chmod"\]$/m);
  assert.match(diagnostics.at(-1)!.hint!, /sandbox-unit apply demo\.service/);
});

test('--check changes nothing, and exits with 3', async () => {
  const { context, text } = await applied([used()]);
  const { exit, text: said } = await learn(context, [UNIT], { promote: true, check: true });
  assert.deepEqual([exit, text()], [3, POLICY]);
  assert.match(said, /"poll"/);
});

test('a policy that records nothing has nothing to promote', async () => {
  const { context } = await applied([used()], POLICY.replace(/^log.*\n/m, ''));
  const { exit, diagnostics } = await learn(context, [UNIT], { promote: true });
  assert.deepEqual([exit, diagnostics.map(({ code }) => code)], [0, ['nothing-to-promote']]);
});
