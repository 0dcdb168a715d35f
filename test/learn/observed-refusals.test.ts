import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observedRefusals } from '../../src/explain/refused-since-start.js';
import { recordedHost } from '../../src/observe/recordings/host.js';
import { keepRecording } from '../../src/observe/recordings/store.js';
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
  const refusals = (since: string) => observedRefusals(context, serviceName(UNIT), Date.parse(since));
  return { system: context.system as ReturnType<typeof machineWith>, context, host, refusals };
}

test("calls refused on this host have the form of the kernel's records", async () => {
  const { calls: unsorted, diagnostics } = await (await recorded()).refusals(BEGIN);
  assert.deepEqual(diagnostics, []);
  const calls = unsorted.toSorted((a, b) => a.nr - b.nr);
  const times = { from: Date.parse(BEGIN), time: Date.parse('2026-11-20T10:10:00.000Z') };
  const common = { ...times, pid: undefined, certain: true };
  assert.deepEqual(calls, [
    {
      ...common,
      arch: 0xc000003e,
      nr: 435,
      action: 0x50000,
      errno: 38,
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

test('an earlier watch is ignored', async () => {
  assert.deepEqual((await (await recorded()).refusals('2026-11-20T10:00:00.001Z')).calls, []);
});

const LOSSES = [
  [{ lost: { refused: 1 } }, /lost records/],
  [{ lost: { marks: 1 } }, /lost records/],
  [{ lost: { misses: 1 } }, /lost records/],
  [{ blind: ['refused'] }, /could not see/],
] as const;

for (const [more, says] of LOSSES) {
  test(`a watch with ${JSON.stringify(more)} may have missed refused calls`, async () => {
    const { context, host, refusals } = await recorded();
    await keepRecording(context, recording({ host, end: '2026-11-20T11:00:00.000Z', ...more }));
    const { diagnostics } = await refusals(BEGIN);
    const found = diagnostics.map(({ severity, code }) => [severity, code]);
    assert.deepEqual(found, [['warning', 'recording-incomplete']]);
    assert.match(diagnostics[0]!.message, says);
  });
}

test('a call that may have failed by itself is not certain', async () => {
  const { context, host, refusals } = await recorded();
  const more = { refused: refused.slice(0, 1), lost: { marks: 1 } };
  await keepRecording(context, recording({ host, end: '2026-11-20T11:00:00.000Z', ...more }));
  const { calls } = await refusals(BEGIN);
  assert.deepEqual(calls.map(({ certain }) => certain).sort(), [false, true, true]);
});

test("a recording that can't be read is reported", async () => {
  const { system, refusals } = await recorded();
  const [path] = [...system.files.keys()].filter((one) => one.includes('/recordings/'));
  const broken = path!.replace(/\d{8}T/, '20300109T');
  system.files.set(broken, { bytes: new TextEncoder().encode('{'), mode: 0o600 });
  const { calls, diagnostics } = await refusals(BEGIN);
  assert.deepEqual([calls.length, diagnostics.map(({ code }) => code)], [2, ['bad-file']]);
});
