import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserError } from '../../src/diagnostic.js';
import { promote } from '../../src/learn/promote.js';
import type { Recording } from '../../src/observe/recording/recording.js';
import { keepRecording } from '../../src/observe/recordings/store.js';
import { machine } from '../support/apply-in-memory.js';
import { UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { fakeContext } from '../support/fake-system.js';
import { hostNamed } from '../support/recordings.js';
import { applied, POLICY, used } from '../support/trial-in-memory.js';

const REFUSALS: readonly [says: string, recordings: readonly Recording[], after: number, code: string][] = [
  ['nothing was watched', [], 1, 'not-promoted'],
  [
    'it was watched before the policy was applied',
    [used({ begin: '2001-01-01T00:00:00.000Z', end: '2001-02-01T00:00:00.000Z' })],
    1,
    'not-promoted',
  ],
  [
    'it was watched for less than a week',
    [used({ end: '2030-01-07T23:59:59.000Z' })],
    604_800,
    'not-promoted',
  ],
  [
    'seven watches of one day took place at once',
    Array.from({ length: 7 }, (_, i) => used({ end: `2030-01-02T00:00:0${i}.000Z` })),
    604_800,
    'not-promoted',
  ],
  [
    'seven hosts were watched for a day',
    Array.from({ length: 7 }, (_, i) => used({ host: hostNamed(`h${i}`), end: '2030-01-02T00:00:01.000Z' })),
    604_800,
    'not-promoted',
  ],
  ['calls were lost', [used({ lost: { numbers: 1 } })], 1, 'recording-incomplete'],
  ['something unknown was lost', [used({ lost: { other: 1 } })], 1, 'recording-incomplete'],
  ['the kernel could not show something unknown', [used({ blind: ['other'] })], 1, 'recording-incomplete'],
];

for (const [says, recordings, after, code] of REFUSALS) {
  test(`nothing is promoted if ${says}`, async () => {
    const { context, text } = await applied(recordings);
    assert.equal((await failure(promote(context, UNIT, { after: after, write: true })))[0], code);
    assert.equal(text(), POLICY);
  });
}

test('the missing time is reported, with a command that watches for that long', async () => {
  const { context } = await applied([]);
  await assert.rejects(
    promote(context, UNIT, { after: 604_800, write: true }),
    ({ diagnostics: [one] }: UserError) => {
      assert.equal(one!.message, `${UNIT} was watched for 0s under its policy; a promotion needs 1w`);
      assert.match(one!.hint!, /learn --background --for 168h demo\.service' watches for the remaining time/);
      return true;
    },
  );
});

test("a policy that isn't applied is not promoted", async () => {
  const context = fakeContext(machine({}, POLICY));
  await keepRecording(context, used());
  assert.equal((await failure(promote(context, UNIT, { after: 1, write: true })))[0], 'not-applied');
});

test('used calls are reported, and the policy is edited', async () => {
  const { context, text } = await applied([used()]);
  const { watched, promotion, policy } = await promote(context, UNIT, { after: 604_800, write: true });
  assert.deepEqual([watched, promotion.allowed, promotion.unused], [604_801, ['poll'], ['chmod']]);
  assert.deepEqual([policy!.before, policy!.after], [POLICY, text()]);
});

test("a recording that can't be read may have used calls", async () => {
  const { system, context, text } = await applied([used()]);
  const [path] = [...system.files.keys()].filter((one) => one.includes('/recordings/'));
  const broken = path!.replace(/\d{8}T/, '20300109T');
  system.files.set(broken, { bytes: new TextEncoder().encode('{'), mode: 0o600 });
  assert.equal((await failure(promote(context, UNIT, { after: 1, write: true })))[0], 'bad-file');
  assert.equal(text(), POLICY);
  // One that ended before the policy was applied tells nothing of it.
  system.files.delete(broken);
  system.files.set(path!.replace(/\d{8}T/, '20010101T'), {
    bytes: new TextEncoder().encode('{'),
    mode: 0o600,
  });
  assert.deepEqual((await promote(context, UNIT, { after: 1, write: true })).promotion.allowed, ['poll']);
});
