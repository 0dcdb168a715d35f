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

test('calls that were refused on this host are told as the kernel tells them', async () => {
  const { calls: found, diagnostics } = await (await recorded())(BEGIN);
  assert.deepEqual(diagnostics, []);
  const calls = [...found].sort((a, b) => a.nr - b.nr);
  const common = { pid: undefined, time: Date.parse('2026-11-20T10:10:00.000Z'), certain: true };
  assert.deepEqual(calls, [
    {
      ...common,
      arch: 0xc000003e,
      nr: 435,
      action: 0x50000,
      count: 3,
      name: 'demod',
      program: '/usr/sbin/demod',
    },
    {
      ...common,
      arch: 0xc000003e,
      nr: 0x40000000 + 521,
      action: 0x80000000,
      count: 1,
      name: 'unknown',
      program: undefined,
    },
  ]);
});

test('a watch that began before is left aside', async () => {
  assert.deepEqual((await (await recorded())('2026-11-20T10:00:00.001Z')).calls, []);
});
