import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedRecords } from '../../../src/explain/records/shared-records.js';
import type { FakeOptions, FakeSystem } from '../../support/fake-system.js';
import { type Logs, machine, RAN, record, START, UNIT } from '../../support/refusals-in-memory.js';

const owner = async (system: FakeSystem, unit = UNIT) => ({
  ...{ unit, manager: undefined, state: await system.unit(unit) },
  ...{ programs: [RAN], since: START * 1000 },
});

/** What is found of the unit: the process, the number and whether it is certain, and why more may be missing. */
async function found(logs: Logs, options: FakeOptions = {}) {
  const system = machine(logs, options);
  const { calls, unseen } = await new SharedRecords(system, undefined).of(await owner(system));
  return { calls: calls.map(({ pid, nr, certain }) => [pid, nr, certain]), unseen };
}

/** A journal that has all since boot. */
const WHOLE = { begins: START - 100 };

const SUPPRESSION = 'kauditd_printk_skb: 7 callbacks suppressed';

test('whose a record is, by control groups, by journald and by the program', async () => {
  const records = [
    record(100, 1),
    record(101, 2),
    record(102, 3, '/bin/child'),
    record(103, 4, '/bin/other'),
    record(105, 6, RAN, { login: 1000 }),
    record(100, 7, RAN, { at: START - 60 }),
  ];
  const seen = [
    [102, UNIT, 59],
    [102, UNIT, 61],
    [103, 'other.service', 59],
    [103, 'other.service', 61],
  ] as const;
  assert.deepEqual(await found({ ...WHOLE, records, seen }), {
    calls: [
      [100, 1, true],
      [101, 2, false],
      [102, 3, true],
    ],
    unseen: ['unowned'],
  });
});

test('a process that lives in a control group of another is no one of the unit, whatever it runs', async () => {
  const files = { '/proc/200/stat': '200 (x) S'.padEnd(90, ' 0'), '/proc/200/cgroup': '0::/other\n' };
  assert.deepEqual(await found({ ...WHOLE, records: [record(200, 1)] }, { files }), {
    calls: [],
    unseen: [],
  });
});

test('each log is read once for all units', async () => {
  const system = machine({ ...WHOLE, records: [record(900, 1, '/bin/other')] });
  const records = new SharedRecords(system, undefined);
  records.begin();
  for (const unit of [UNIT, 'other.service']) await records.of(await owner(system, unit));
  const runs = system.calls.filter((call) => call.startsWith('run journalctl'));
  assert.deepEqual(
    runs.map((call) => call.includes('_PID=')),
    [false, true],
  );
});

test('nothing is known to be all where records may be missing', async () => {
  const many = (at: number) =>
    Array.from({ length: 10 }, (_, i) => record(300 + i, 1, '/bin/other', { at, login: 1000 }));
  const unowned = [record(900, 1, '/bin/other')];
  const cases: readonly [string, Logs, FakeOptions, readonly string[]][] = [
    ['all is there', WHOLE, {}, []],
    ['the journal begins later', { begins: START + 1 }, {}, ['incomplete']],
    ['the journal has nothing of the kernel', {}, { kernelLog: ['5,7,1,-;a line\n'] }, ['incomplete']],
    ['auditd keeps records', WHOLE, { files: { '/run/auditd.pid': '1\n' } }, ['incomplete']],
    ['nothing can be read', {}, {}, ['unreadable']],
    ['in a container', WHOLE, { links: { '/proc/self/ns/pid': 'pid:[1]' } }, ['container']],
    ['so many that the kernel prints no more', { ...WHOLE, records: many(START + 9) }, {}, ['lost']],
    ['so many before the start', { ...WHOLE, records: many(START - 9) }, {}, []],
    ['the kernel says so', { ...WHOLE, records: [SUPPRESSION] }, {}, ['lost']],
    ['a core dump without a record', { ...WHOLE, dumped: true }, {}, ['lost']],
    ['nobody knows whose it is', { ...WHOLE, records: unowned }, {}, ['unowned']],
  ];
  for (const [what, logs, options, unseen] of cases) {
    assert.deepEqual(await found(logs, options), { calls: [], unseen }, what);
  }
});

test('a core dump makes a guess certain', async () => {
  const { calls } = await found(
    { ...WHOLE, records: [record(100, 41, '/bin/x')], dumped: true },
    {
      distort: (properties) => properties.set('MainPID', 0),
    },
  );
  assert.deepEqual(calls, [[100, 41, true]]);
});

test("the kernel's own log is whole if its first entry is there", async () => {
  const kernelLog = [
    '6,0,0,-;Linux version 6.12\n',
    '5,1,1,-;audit: type=2000 audit(1.000:1): state=initialized\n',
  ];
  assert.deepEqual(await found({}, { kernelLog }), { calls: [], unseen: [] });
  assert.deepEqual((await found({}, { kernelLog: kernelLog.slice(1) })).unseen, ['incomplete']);
});
