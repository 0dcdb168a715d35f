import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import type { Recording } from '../../src/evidence/recording/recording.js';
import { promote } from '../../src/learn/promote.js';
import { keepRecording } from '../../src/learn/recordings/store.js';
import { machine } from '../support/apply-in-memory.js';
import { UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
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

const REFUSALS: readonly [says: string, recordings: readonly Recording[], after: number, code: string][] = [
  ['nothing was watched', [], 1, 'not-watched-enough'],
  [
    'it was watched before the policy was applied',
    [used({ begin: '2001-01-01T00:00:00.000Z', end: '2001-02-01T00:00:00.000Z' })],
    1,
    'not-watched-enough',
  ],
  [
    'it was watched for less than a week',
    [used({ end: '2030-01-07T23:59:59.000Z' })],
    604_800,
    'not-watched-enough',
  ],
  ['calls were lost', [used({ lost: { numbers: 1 } })], 1, 'records-lost'],
  ['something unknown was lost', [used({ lost: { other: 1 } })], 1, 'records-lost'],
];

for (const [says, recordings, after, code] of REFUSALS) {
  test(`nothing is promoted where ${says}`, async () => {
    const { context, text } = await applied(recordings);
    assert.equal((await failure(promote(context, UNIT, after, true)))[0], code);
    assert.equal(text(), POLICY);
  });
}

test('a policy that is not applied is not promoted', async () => {
  const context = fakeContext(machine({}, POLICY));
  await keepRecording(context, used());
  assert.equal((await failure(promote(context, UNIT, 1, true)))[0], 'not-applied');
});

test('what was used is told, and the policy edited', async () => {
  const { context, text } = await applied([used()]);
  const { watched, promotion, policy } = await promote(context, UNIT, 604_800, true);
  assert.deepEqual([watched, promotion.allowed, promotion.refused], [604_801, ['poll'], ['chmod']]);
  assert.deepEqual([policy!.before, policy!.after], [POLICY, text()]);
});
