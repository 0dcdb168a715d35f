import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observedRefusals } from '../../src/learn/observed-refusals.js';
import { recordedHost } from '../../src/learn/recordings/host.js';
import { keepRecording } from '../../src/learn/recordings/store.js';
import { serviceName } from '../../src/prepare/load/load-unit.js';
import { NO_EXEC, SERVICE, UNIT } from '../support/demo-service.js';
import { fakeContext, machineWith } from '../support/fake-system.js';
import { hostNamed, recording } from '../support/recordings.js';

const BEGIN = '2026-11-20T10:00:00.000Z';
const refused = [
  { architecture: 'x86-64', number: 435, name: 'clone3', answer: 38, count: 3, programs: [0] },
  { architecture: 'x32', number: 521, name: 'ptrace', answer: 'kill', count: 1, programs: [] },
] as const;

async function recorded() {
  const context = fakeContext(
    machineWith(SERVICE, NO_EXEC, { files: { '/etc/machine-id': `${'0a'.repeat(16)}\n` } }),
  );
  const host = await recordedHost(context);
  await keepRecording(context, recording({ host, refused }));
  await keepRecording(context, recording({ host: hostNamed('two'), refused }));
  return (since: string) => observedRefusals(context, serviceName(UNIT), Date.parse(since));
}

test("calls that were refused on this host are told, and no other host's", async () => {
  const calls = await (await recorded())(BEGIN);
  const time = Date.parse('2026-11-20T10:10:00.000Z');
  assert.deepEqual(calls.map((call) => [call.nr, call.time]).sort(), [
    [0x40000000 + 521, time],
    [435, time],
  ]);
});

test('a watch that began before is left aside', async () => {
  assert.deepEqual(await (await recorded())('2026-11-20T10:00:00.001Z'), []);
});
