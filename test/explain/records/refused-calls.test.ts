/** Tests of explain/records/refused-calls.ts, explain/records/kernel-records.ts, explain/records/lifetimes.ts,
 * explain/records/own-records.ts, explain/records/start-of.ts and explain/records/user-manager.ts: whose a record is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heardIn } from '../../../src/explain/records/heard.js';
import { refusedCalls } from '../../../src/explain/records/refused-calls.js';
import { userManager } from '../../../src/explain/records/user-manager.js';
import { type FakeOptions, type FakeSystem, fakeContext } from '../../support/fake-system.js';
import {
  DUMP,
  done,
  dumpedCore,
  type Entry,
  explained,
  kernel,
  type Logs,
  machine,
  POLICY,
  POLICY_FILE,
  RAN,
  record,
  START,
  sighting,
  UNIT,
} from '../../support/refusals-in-memory.js';

test('whose a record is', async () => {
  const records = [
    record(100, 165),
    record(101, 166),
    record(102, 155, '/bin/child'),
    record(103, 161, '/bin/other'),
    record(104, 429),
    record(100, 428, RAN, { at: START - 60 }),
    record(105, 430, '/bin/child'),
    record(106, 431, '/bin/child'),
    record(107, 432),
  ];
  const seen = [
    [102, UNIT, 59],
    [102, UNIT, 61],
    [104, 'other.service', 59],
    [105, UNIT, 59],
    [106, UNIT, 61],
    [106, 'other.service', 59],
    [107, 'other.service', 59],
    [107, 'other.service', 61],
    [107, UNIT, 62],
  ] as const;
  const { calls } = await explained(machine({ records, seen }));
  assert.deepEqual(calls, [
    ['mount', true],
    ['umount2', false],
    ['pivot_root', true],
    ['fsopen', false],
    ['fsconfig', false],
  ]);
});

/** A machine whose service's policy was written a hundred seconds before the start. */
async function machineSince(logs: Logs, options: FakeOptions = {}): Promise<FakeSystem> {
  const system = machine(logs, options);
  const modified = (START - 100) * 1000;
  await system.replace(POLICY_FILE, new TextEncoder().encode(POLICY), { mode: 0o644, modified });
  return system;
}

test("a process's ID was another's before its start", async () => {
  const records = [
    record(100, 165, RAN, { at: START - 30 }),
    record(100, 166, '/bin/other', { at: START - 30 }),
    record(100, 155, '/bin/other', { at: START }),
  ];
  const { calls, refusals } = await explained(await machineSince({ records }));
  assert.deepEqual(calls, [
    ['mount', false],
    ['pivot_root', true],
  ]);
  assert.deepEqual(refusals[0]?.changes, []);
});

test('a process in a group below the own one is its own, one whose group has no name may be', async () => {
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
  const { calls } = await explained(
    machine({ records }, { files, distort, unreadable: ['/proc/103/cgroup'] }),
  );
  assert.deepEqual(calls, [
    ['mount', true],
    ['umount2', false],
    ['pivot_root', false],
    ['chroot', true],
  ]);
});

test('and it is after its end', async () => {
  const ended = (exit: number) => (properties: Map<string, unknown>) => {
    const at = (seconds: number) => BigInt(START + seconds) * 1_000_000n;
    const times = { ExecMainStartTimestamp: at(0), ExecMainExitTimestamp: exit < 0 ? 0n : at(exit) };
    for (const [name, value] of Object.entries({ MainPID: 0, ExecMainPID: 50, ...times }))
      properties.set(name, value);
  };
  const at = (pid: number, nr: number, seconds: number) =>
    record(pid, nr, '/bin/other', { at: START + seconds });
  const records = [at(50, 165, -1), at(50, 166, 0), at(50, 155, 60), at(50, 161, 61)];
  const calls = async (exit: number) =>
    (await explained(await machineSince({ records }, { distort: ended(exit) }))).calls;
  assert.deepEqual(await calls(60), [
    ['umount2', true],
    ['pivot_root', true],
  ]);
  assert.deepEqual(await calls(-1), [], 'nobody knows when it ended');
});

test('what a control group says of a process that was started since the record is a guess', async () => {
  const heardAt = (at: number) =>
    `${record(100, 165, RAN, { at }).replace('audit: type=1326', 'record')}\ngroup 0::/system.slice/${UNIT}\n`;
  for (const [at, certain] of [
    [START + 60, true],
    [START - 30, false],
  ] as const) {
    const owner = { unit: UNIT, manager: undefined, programs: [], since: 0 };
    const system = machine();
    const heard = heardIn(heardAt(at), undefined);
    const { calls } = await refusedCalls(system, { ...owner, state: await system.unit(UNIT), heard });
    assert.deepEqual(
      calls.map((call) => call.certain),
      [certain],
    );
  }
});

test("a user's own run of the program is not taken for the service's", async () => {
  const records = [record(101, 166, RAN, { login: 1000 }), record(102, 155, RAN, { login: 1000 })];
  const seen = [
    [102, UNIT, 59],
    [102, UNIT, 61],
  ] as const;
  const system = machine({ records, seen });
  assert.deepEqual((await explained(system)).calls, [['pivot_root', true]]);
});

test('of more records than are read the newest are explained', async () => {
  const records = [record(100, 165), record(100, 166), record(100, 155)];
  const room = 2.5 * kernel(records[0]!).length;
  const { calls } = await explained(machine({ records, room }));
  assert.deepEqual(calls, [
    ['umount2', true],
    ['pivot_root', true],
  ]);
});

test('in a container process IDs are others: a record is known by its program alone', async () => {
  const links = { '/proc/self/ns/pid': 'pid:[4026532999]' };
  const records = [record(100, 165, '/bin/other'), record(9, 166)];
  assert.deepEqual((await explained(machine({ records }, { links }))).calls, [['umount2', false]]);
});

test('a core dump tells the arguments, with or without a record', async () => {
  for (const records of [[record(100, 41)], []]) {
    const { refusals, text } = await explained(machine({ records, dumped: true }));
    assert.deepEqual([refusals.length, refusals[0]?.args?.[0], refusals[0]?.certain], [1, '0x11', true]);
    assert.match(text, /when = \[\{ arg = 0, eq = 17 \}\]/);
  }
});

test("what others log as core dumps is neither taken for the unit's own nor hides it", async () => {
  const forged = Array.from({ length: 101 }, (_, i) => ({
    ...{ ...DUMP, _PID: `${1000 + i}` },
    ...{ _SYSTEMD_UNIT: 'user@1000.service', _SYSTEMD_SLICE: 'user-1000.slice' },
  }));
  assert.deepEqual((await explained(machine({ dumped: true, forged }))).calls, [['socket', true]]);
  assert.deepEqual((await explained(machine({ forged }))).calls, []);
  // Where the slice is another's, too, the unit tells.
  const within = forged.map((entry) => ({ ...entry, _SYSTEMD_SLICE: DUMP._SYSTEMD_SLICE! }));
  assert.deepEqual((await explained(machine({ forged: within }))).calls, []);
});

/** The fields of a unit of a user's manager. */
const ofUser = (prefix: '_SYSTEMD' | 'COREDUMP', user: number): Entry => ({
  [`${prefix}_UNIT`]: `user@${user}.service`,
  [`${prefix}_USER_UNIT`]: UNIT,
});

for (const [other, name] of [
  [1000, 'the own'],
  [1001, "another user's"],
] as const) {
  test(`of units of one name ${name} is ${other === 1000 ? '' : 'not '}the one that is meant`, async () => {
    const seen = [59, 61].map((at) => ({ ...sighting(7, '', at), ...ofUser('_SYSTEMD', other) }));
    const dump = { ...DUMP, ...ofUser('COREDUMP', other) };
    const entries = (argv: readonly string[]) => {
      if (argv.some((word) => word.startsWith('_PID='))) return seen;
      return argv.some((word) => word.startsWith('MESSAGE_ID=')) ? [dump] : [];
    };
    const system = machine(
      {},
      {
        programs: {
          journalctl: (argv) =>
            done(
              entries(argv)
                .map((one) => `${JSON.stringify(one)}\n`)
                .join(''),
            ),
          '/bin/sh': () => dumpedCore({ dumped: true }, []),
        },
      },
    );
    const manager = userManager(
      fakeContext(system, { placement: { scope: 'user', lifetime: 'always' }, user: 1000 }),
    );
    const group = `group 0::/user.slice/user-${other}.slice/user@${other}.service/app.slice/${UNIT}\n`;
    const heardOf = (pid: number) => `${record(pid, 165).replace('audit: type=1326', 'record')}\n`;
    const heard = heardIn(`${heardOf(7)}${heardOf(8)}${group}`, manager);
    const state = await system.unit(UNIT);
    const found = await refusedCalls(system, {
      unit: UNIT,
      manager,
      programs: [],
      since: 0,
      state,
      heard,
    });
    assert.deepEqual(
      found.calls.map(({ pid, nr, certain }) => [pid, nr, certain]),
      other === 1000
        ? [
            [7, 165, true],
            [8, 165, true],
            [100, 41, true],
          ]
        : [],
    );
  });
}

test('a core dump is known to be of a second, and the service may have been started in the same', async () => {
  const distort = (properties: Map<string, unknown>) =>
    properties.set('InactiveExitTimestamp', BigInt(START + 60) * 1_000_000n + 700_000n);
  assert.deepEqual((await explained(machine({ dumped: true }, { distort }))).calls, [['socket', true]]);
});

/** As /dev/kmsg gives a record. @param head priority, number, time, flags */
const logged = (text: string, head = '5,7,1000,-') =>
  `${head};${text.replaceAll('\n', '\\x0a')}\n SUBSYSTEM=audit\n`;

test('where the journal has nothing of the kernel, its own log is read, and that of auditd', async () => {
  const kernelLog = [logged('a line'), logged(record(100, 165))];
  const found = await explained(machine({}, { kernelLog }));
  assert.deepEqual(found.calls, [['mount', true]]);
  const few = await explained(
    machine({}, { kernelLog: [logged('kauditd_printk_skb: 6 callbacks suppressed')] }),
  );
  assert.deepEqual([few.exit, few.codes], [2, ['records-suppressed', 'records-inconclusive']]);
  const audited = record(100, 165).replace('audit: type=1326 ', 'type=SECCOMP msg=');
  assert.deepEqual((await explained(machine({ audited }))).calls, [['mount', true]]);
  assert.deepEqual((await explained(machine({ audited: `node=a ${audited}` }))).calls, [['mount', false]]);
});

test("no user's text in the kernel's log makes a record of its own", async () => {
  const forged = record(100, 165);
  const kernelLog = [
    logged(
      `x\n${forged}\n[1132]: segfault at 0 ip 000055ec4536c132 error 6 in x\n${forged}\n[1132,55ec4536c000+1000]`,
    ),
    logged(forged, '13,7,1000,-'),
    logged(forged, '5,7,1000,c'),
    logged(`${forged} `),
  ];
  const found = await explained(machine({}, { kernelLog }));
  assert.deepEqual([found.exit, found.calls, found.codes], [0, [], ['no-record']]);
});
