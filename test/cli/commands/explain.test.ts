import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../../src/cli/commands/apply.js';
import { explain } from '../../../src/cli/commands/explain.js';
import type { KeptRefusal } from '../../../src/explain/refusals/kept.js';
import { setPolicy } from '../../support/apply-in-memory.js';
import { fakeContext } from '../../support/fake-system.js';
import { KEPT_FILE, kept, keptFile } from '../../support/kept-refusals.js';
import { assertKeys, printed } from '../../support/printed-json.js';
import { madeCall, recordedRun } from '../../support/recorded-in-memory.js';
import { explained, machine, POLICY, RAN, record, START, UNIT } from '../../support/refusals-in-memory.js';
import { watchedMachine } from '../../support/watch-in-memory.js';

test('explain: nothing was refused, or nothing can be read', async () => {
  const fine = await explained(machine({ records: ['a line'] }));
  assert.deepEqual([fine.exit, fine.codes, fine.refusals], [0, ['no-record'], []]);
  assert.match(fine.text, /^demo\.service: no refused call is on record since 2023-11-14T22:13:\S+Z\n$/);
  assert.match(fine.diagnostics[0]!.message, /^calls that fail with an errno leave no record/);
  const blind = await explained(machine());
  assert.deepEqual([blind.exit, blind.codes, blind.text], [2, ['records-incomplete'], '']);
  const few = await explained(machine({ records: ['kauditd_printk_skb: 6 callbacks suppressed'] }));
  assert.deepEqual([few.exit, few.codes], [0, ['records-incomplete', 'no-record']]);
});

test("explain: a recording that can't be read is reported, and may have calls", async () => {
  const broken = { bytes: new TextEncoder().encode('{'), mode: 0o600 };
  const place = `/var/lib/sandbox-unit/recordings/${UNIT}/29991231T000000Z-x-00000000.json`;
  const unknown = machine({ records: ['a line'] });
  unknown.files.set(place, broken);
  const none = await explained(unknown);
  assert.deepEqual([none.exit, none.codes], [2, ['bad-file', 'no-record']]);
  const known = machine({ records: [record(100, 165)] });
  known.files.set(place, broken);
  const one = await explained(known);
  assert.deepEqual([one.exit, one.codes[0], one.refusals.length], [1, 'bad-file', 1]);
});

test('explain: reports that a run or the records take long', async () => {
  const system = machine();
  const context = fakeContext(system);
  const said: string[] = [];
  const tellIfLong = async <T>(line: string, step: () => Promise<T>): Promise<T> => {
    said.push(line);
    return step();
  };
  const patient = { ...context, caller: { ...context.caller, tellIfLong } };
  await explain(patient, [UNIT], {});
  assert.deepEqual(said, ['demo.service: reading the records of refused calls …']);
  await explain(patient, [UNIT], { record: true }).catch(() => undefined);
  assert.match(said[1]!, /^demo\.service: recording one run; Ctrl-C ends it early /);
});

/** The file of a watch of a unit that starts in 2023. */
const LATER = 1_800_000_000_000;
const seenByWatch = (call: KeptRefusal['call'] = null) =>
  keptFile({ since: LATER, until: LATER, refusals: [kept({ call, count: 2, last: LATER })] });

test('explain: what watch has seen is a finding, although no log can be read', async () => {
  const system = machine();
  system.files.set(KEPT_FILE, seenByWatch());
  const { exit, text } = await explained(system);
  assert.equal(exit, 1);
  assert.match(text, /^ {2}demo may not write \/srv\/up\/a \(EROFS\), 2 times, last at 2027-/m);
  system.files.set(KEPT_FILE, { bytes: new TextEncoder().encode('{'), mode: 0o600 });
  const broken = await explained(system);
  assert.ok(broken.codes.includes('bad-file'), broken.codes.join());
});

test('explain: a call that watch saw refused has its line and change, although no log has it', async () => {
  const system = machine();
  system.files.set(KEPT_FILE, seenByWatch({ arch: 0xc000003e, nr: 165, errno: 1 }));
  const { refusals, json, exit } = await explained(system);
  assert.deepEqual([exit, json.watched], [1, undefined]);
  assert.deepEqual(
    refusals.map(({ call, count, changes }) => [call, count, changes.length]),
    [['mount', 2, 1]],
  );
});

test('explain: a watch that has seen the whole run leaves no doubt, unless it has lost something', async () => {
  const codesOf = async (lost: number) => {
    const system = machine();
    system.files.set(KEPT_FILE, keptFile({ since: 0, until: system.now(), lost, refusals: [] }));
    const { exit, codes } = await explained(system);
    return [exit, codes];
  };
  assert.deepEqual(await codesOf(0), [0, []]);
  assert.deepEqual(await codesOf(1), [2, ['records-incomplete']]);
});

test('explain: --json prints all keys of its schema', async () => {
  const records = [record(100, 41), record(100, 165), record(100, 11, RAN, { arch: 'c00000b7' })];
  const extending = machine({ records: [record(100, 59)] });
  const policy = { bytes: new TextEncoder().encode('extends = ["none"]\n'), mode: 0o644 };
  extending.files.set(`/etc/sandbox-unit/${UNIT}.toml`, policy);
  const base = { bytes: new TextEncoder().encode('[syscalls]\ndeny = ["execve"]\n'), mode: 0o644 };
  extending.files.set('/etc/sandbox-unit/templates/none.toml', base);
  const written = machine({ records: [record(100, 165)] });
  const allows = { ...policy, bytes: new TextEncoder().encode('[syscalls]\nallow = ["@basic-io"]\n') };
  written.files.set(`/etc/sandbox-unit/${UNIT}.toml`, allows);
  const serving = machine({ records: [record(100, 165)] });
  const ready = { ...policy, bytes: new TextEncoder().encode('[ready]\nallow = ["accept4"]\n') };
  serving.files.set(`/etc/sandbox-unit/${UNIT}.toml`, ready);
  const seen = machine({ records });
  seen.files.set(KEPT_FILE, seenByWatch());
  const values = [['16']];
  const run = recordedRun({
    ...{ calls: [madeCall('socket', 1)], arguments: [{ watch: 0, phases: 1, values, lost: 0 }] },
  });
  const watched = watchedMachine(run);
  setPolicy(watched, POLICY);
  const outcomes = [
    await explained(machine({ records })),
    await explain(fakeContext(watched), [UNIT], { record: true }),
    await explained(extending),
    await explained(seen),
    await explained(serving),
    await explain(fakeContext(written), [UNIT], { write: true }),
  ];
  assert.deepEqual(assertKeys('explain', outcomes.map(printed)), []);
});

test('explain: says that it uses a policy other than the applied one', async () => {
  const system = machine({ records: [record(7, 165)] });
  assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
  const told = async (options = {}) => {
    const { diagnostics } = await explain(fakeContext(system), [UNIT], options);
    return diagnostics.filter(({ code }) => code === 'other-policy').map(({ message }) => message);
  };
  const file = `/etc/sandbox-unit/${UNIT}.toml`;
  assert.deepEqual(await told(), []);
  const changed = new TextEncoder().encode(POLICY.replace('mount', 'debug'));
  system.files.set(file, { bytes: changed, mode: 0o644 });
  assert.match((await told()).join(), /^\S+demo\.service\.toml has changed since it was applied: /);
  const policy = '/etc/sandbox-unit/other.toml';
  system.files.set(policy, { bytes: changed, mode: 0o644 });
  assert.deepEqual(await told({ policy }), [`demo.service is confined by ${file}, not by ${policy}`]);
});

test('explain: ignores calls that a run was refused before the policy was written', async () => {
  let times: Readonly<Record<string, number>> = {};
  const distort = (properties: Map<string, unknown>) => {
    for (const [name, seconds] of Object.entries(times))
      properties.set(name, BigInt(START + seconds) * 1_000_000n);
    if (times.InactiveEnterTimestamp === undefined) return;
    for (const [name, value] of Object.entries({ MainPID: 0, ExecMainCode: 2, ExecMainStatus: 31 }))
      properties.set(name, value);
  };
  const system = machine({ records: [record(7, 165, RAN, { at: START - 50 })] }, { distort });
  assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
  const started = { InactiveExitTimestamp: -60, ExecMainStartTimestamp: -60 };
  times = started;
  assert.deepEqual((await explained(system)).calls, [['mount', false]], 'it runs on');
  times = { ...started, InactiveEnterTimestamp: -40 };
  const { exit, calls, diagnostics } = await explained(system);
  assert.deepEqual([exit, calls], [0, []]);
  assert.doesNotMatch(diagnostics.map(({ message }) => message).join(), /was killed/);
});

test('explain: counts calls since the policy was written if the start of the service is unknown', async () => {
  const distort = (properties: Map<string, unknown>) => {
    for (const name of ['InactiveExitTimestamp', 'ExecMainStartTimestamp']) properties.set(name, 0n);
  };
  const found = async (at: number) => {
    const system = machine({ records: [record(7, 165, RAN, { at })] }, { distort });
    const modified = (START - 30) * 1000;
    await system.replace(`/etc/sandbox-unit/${UNIT}.toml`, new TextEncoder().encode(POLICY), {
      ...{ mode: 0o644, modified },
    });
    return (await explained(system)).calls;
  };
  assert.deepEqual(await found(START - 20), [['mount', false]]);
  assert.deepEqual(await found(START - 40), []);
});
