import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../src/cli/commands/explain.js';
import { Records } from '../../src/explain/records/records.js';
import { refusedSinceStart } from '../../src/explain/refused-since-start.js';
import { isFallback } from '../../src/explain/tally.js';
import type { Recording } from '../../src/observe/recording/recording.js';
import { recordedHost } from '../../src/observe/recordings/host.js';
import { keepRecording } from '../../src/observe/recordings/store.js';
import { setPolicy } from '../support/apply-in-memory.js';
import { fakeContext } from '../support/fake-system.js';
import { recording } from '../support/recordings.js';
import { machine, UNIT } from '../support/refusals-in-memory.js';

const [CLONE3, UNAME] = [435, 63];

const answered = (number: number, answer: number): Recording['refused'][number] => ({
  ...{ architecture: 'x86-64', number, name: number === CLONE3 ? 'clone3' : 'uname', answer },
  ...{ count: 3, programs: [] },
});

/** A machine on which a watch has seen calls refused. */
async function watched(policy: string, ...refused: Recording['refused']) {
  const system = machine({ records: ['a line'] });
  setPolicy(system, policy);
  const context = fakeContext(system);
  await keepRecording(context, recording({ host: await recordedHost(context), unit: UNIT, refused }));
  return context;
}

const FALLS_BACK = '[syscalls]\ndeny = ["clone3:ENOSYS", "uname:ENOSYS", "@mount"]\n';

test('a call that the policy answers with ENOSYS is no finding, without a proposed change', async () => {
  const context = await watched(FALLS_BACK, answered(CLONE3, 38), answered(UNAME, 38));
  const { exit, json, text } = await explain(context, [UNIT], {});
  assert.deepEqual([exit, json.refusals, json.allow], [0, [], []]);
  assert.equal(text, 'demo.service: no refused call is on record since 2023-11-14T22:13:19.990Z\n');
  const verbose = await explain(context, [UNIT], { verbose: true });
  assert.match(
    verbose.text,
    /^ {2}clone3 \(435\) gets ENOSYS, and the program makes another call instead: 3 times$/m,
  );
  assert.equal(verbose.exit, 0);
});

test('an ENOSYS of the whole list is a finding, except for calls that libraries replace', async () => {
  const whole = '[syscalls]\ndeny = ["clone3", "uname"]\naction = "ENOSYS"\n';
  const context = await watched(whole, answered(CLONE3, 38), answered(UNAME, 38));
  const { exit, json } = await explain(context, [UNIT], {});
  assert.equal(exit, 1);
  const found = (json.refusals as { call: string }[]).map(({ call }) => call);
  assert.deepEqual(found, ['uname']);
});

test('a call that got another errno or a signal is no fallback, whatever the policy says', async () => {
  const { exit, json } = await explain(await watched(FALLS_BACK, answered(UNAME, 1)), [UNIT], {});
  assert.deepEqual([exit, (json.refusals as unknown[]).length], [1, 1]);
});

test("a recorded run doesn't count a call that would get ENOSYS by name", () => {
  const call = { abi: 'x86-64', number: CLONE3, name: 'clone3', known: true } as const;
  const recorded = { call, got: 'recorded' } as const;
  assert.equal(isFallback(recorded, { kind: 'denied', what: '', answer: 0x50026 }), true);
  assert.equal(isFallback(recorded, { kind: 'not-allowed', what: '' }), false);
});

test("status doesn't count a call that gets ENOSYS by name", async () => {
  const context = await watched(FALLS_BACK, answered(CLONE3, 38), answered(UNAME, 1));
  const services = [{ name: UNIT, state: await context.system.unit(UNIT) }];
  const sources = { records: new Records(context.system), isSilent: false };
  const found = await refusedSinceStart(context, services, sources);
  assert.deepEqual(
    found?.calls.map(({ call }) => call.name),
    ['uname'],
  );
});
