/** Tests of explain/records/records.ts: whose a record is, and what keeps some from being known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Records } from '../../../src/explain/records/records.js';
import type { FakeOptions, FakeSystem } from '../../support/fake-system.js';
import {
  explained,
  kernel,
  type Logs,
  machine,
  RAN,
  record,
  START,
  UNIT,
} from '../../support/refusals-in-memory.js';

const owner = async (system: FakeSystem, more = {}) => ({
  ...{ isUsers: false, state: await system.unit(UNIT), programs: [RAN], since: START * 1000, ...more },
});

/** What is found of the unit: the process, the number and whether it is certain, and why more may be missing. */
async function found(logs: Logs, options: FakeOptions = {}, more = {}) {
  const system = machine(logs, options);
  const { calls, unseen } = await new Records(system).of(await owner(system, more));
  return { calls: calls.map(({ pid, nr, certain }) => [pid, nr, certain]), unseen };
}

const callsOf = async (...args: Parameters<typeof found>) => (await found(...args)).calls;

/** A journal that has all since boot. */
const WHOLE = { begins: START - 100 };

test('a record is certain for a process of the unit, and a guess for an ended one with its program', async () => {
  const records = [
    record(100, 1),
    record(101, 2),
    record(102, 3, '/bin/child'),
    record(105, 6, RAN, { login: 1000 }),
    record(100, 7, RAN, { at: START - 60 }),
  ];
  assert.deepEqual(await found({ ...WHOLE, records }), {
    calls: [
      [100, 1, true],
      [101, 2, false],
    ],
    unseen: ['unowned'],
  });
});

test("a user's own run of the program counts if the service may be a login's, too", async () => {
  const logs = { records: [record(105, 6, RAN, { login: 1000 })] };
  assert.deepEqual(await callsOf(logs, {}, { isUsers: true }), [[105, 6, false]]);
  const distort = (properties: Map<string, unknown>) => properties.set('PAMName', 'login');
  assert.deepEqual(await callsOf(logs, { distort }), [[105, 6, false]]);
});

test("a process ID was another process's before its start", async () => {
  const before = { at: START - 30 };
  const records = [
    record(100, 165, RAN, before),
    record(100, 166, '/bin/other', before),
    record(100, 155, '/bin/other', { at: START }),
  ];
  assert.deepEqual(await callsOf({ records }, {}, { since: 0 }), [
    [100, 165, false],
    [100, 155, true],
  ]);
});

test("a process in a group below the unit's is its own, one in another unit's group is not", async () => {
  const group = '/system.slice/demo.service';
  const files = {
    ...{ '/proc/101/cgroup': `0::${group}/below\n`, '/proc/102/cgroup': `0::${group}s\n` },
    ...{ '/proc/103/cgroup': '', '/proc/104/cgroup': `3:name=systemd:${group}\n0::/\n` },
    // The start is that of the machine.
    ...Object.fromEntries(
      [101, 102, 103, 104].map((pid) => [`/proc/${pid}/stat`, '1 (x) S'.padEnd(90, ' 0')]),
    ),
  };
  const records = [record(101, 165), record(102, 166), record(103, 155), record(104, 161)];
  const distort = (properties: Map<string, unknown>) => properties.set('ControlGroup', group);
  assert.deepEqual(await callsOf({ records }, { files, distort, unreadable: ['/proc/103/cgroup'] }), [
    [101, 165, true],
    [104, 161, true],
  ]);
});

test('a main process that has ended is known by systemd, from its start to its end', async () => {
  const ended = (exit: number) => (properties: Map<string, unknown>) => {
    const at = (seconds: number) => BigInt(START + seconds) * 1_000_000n;
    const times = { ExecMainStartTimestamp: at(0), ExecMainExitTimestamp: exit < 0 ? 0n : at(exit) };
    for (const [name, value] of Object.entries({ MainPID: 0, ExecMainPID: 50, ...times }))
      properties.set(name, value);
  };
  const at = (nr: number, seconds: number) => record(50, nr, '/bin/other', { at: START + seconds });
  const records = [at(165, -1), at(166, 0), at(155, 60), at(161, 61)];
  assert.deepEqual(await callsOf({ records }, { distort: ended(60) }, { since: 0 }), [
    [50, 166, true],
    [50, 155, true],
  ]);
  assert.deepEqual(await callsOf({ records }, { distort: ended(-1) }, { since: 0 }), []);
});

test('in a container process IDs differ: a record is known by its program alone', async () => {
  const links = { '/proc/self/ns/pid': 'pid:[4026532999]' };
  const records = [record(100, 165, '/bin/other'), record(9, 166)];
  assert.deepEqual(await found({ ...WHOLE, records }, { links }), {
    calls: [[9, 166, false]],
    unseen: ['container'],
  });
});

test('the newest records are explained if there are too many', async () => {
  const records = [record(100, 165), record(100, 166), record(100, 155)];
  const room = 2.5 * kernel(records[0]!).length;
  assert.deepEqual((await explained(machine({ records, room }))).calls, [
    ['umount2', true],
    ['pivot_root', true],
  ]);
});

test('with auditd its log is read, too, and a record of another machine is a guess', async () => {
  const audited = record(100, 165).replace('audit: type=1326 ', 'type=SECCOMP msg=');
  const logs = { records: [record(100, 166), record(100, 165)] };
  assert.deepEqual(await callsOf({ ...logs, audited }), [
    [100, 166, true],
    [100, 165, true],
  ]);
  assert.deepEqual(await callsOf({ audited: `node=a ${audited}` }), [[100, 165, false]]);
});

test('each log is read once for all units', async () => {
  const system = machine({ ...WHOLE, records: [record(900, 1, '/bin/other')] });
  const records = new Records(system);
  records.begin();
  for (let i = 0; i < 2; i++) await records.of(await owner(system));
  assert.equal(system.calls.filter((call) => call.startsWith('run journalctl')).length, 1);
});

const SUPPRESSION = 'kauditd_printk_skb: 7 callbacks suppressed';

test('the result is incomplete if records may be missing', async () => {
  const many = (at: number) =>
    Array.from({ length: 10 }, (_, i) => record(300 + i, 1, '/bin/other', { at, login: 1000 }));
  const cases: readonly [string, Logs, FakeOptions, readonly string[]][] = [
    ['all is there', WHOLE, {}, []],
    ['the journal begins later', { begins: START + 1 }, {}, ['incomplete']],
    ['auditd keeps records', { ...WHOLE, audited: '' }, {}, ['incomplete']],
    ['nothing can be read', {}, {}, ['unreadable']],
    ['in a container', WHOLE, { links: { '/proc/self/ns/pid': 'pid:[1]' } }, ['container']],
    ['so many that the kernel prints no more', { ...WHOLE, records: many(START + 9) }, {}, ['lost']],
    ['so many before the start', { ...WHOLE, records: many(START - 9) }, {}, []],
    ['so many, and auditd has them', { ...WHOLE, records: many(START + 9), audited: '' }, {}, ['incomplete']],
    ['the kernel says so', { ...WHOLE, records: [SUPPRESSION] }, {}, ['lost']],
  ];
  for (const [what, logs, options, unseen] of cases) {
    assert.deepEqual(await found(logs, options), { calls: [], unseen }, what);
  }
});
