/** Tests of explain/refused-calls.ts, explain/explain-unit.ts, explain/explanation.ts, explain/diagnostic.ts, explain/lifetimes.ts,
 * explain/opens.ts, explain/own-records.ts, explain/refusals-after-restart.ts, explain/user-manager.ts and explain/without-base.ts:
 * whose a record is, and what is said of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import { userManager } from '../../src/explain/explain-unit.js';
import { heardIn } from '../../src/explain/heard.js';
import { refusedCalls } from '../../src/explain/refused-calls.js';
import { type FakeOptions, type FakeSystem, fakeContext, program } from '../support/fake-system.js';
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
} from '../support/refusals-in-memory.js';

const SCRIPTS: readonly [line: string, ran: string, found: boolean][] = [
  ['#!/usr/bin/perl -w', '/usr/bin/perl', true],
  ['#! /usr/bin/env perl', '/usr/bin/perl', true],
  ['#!/usr/bin/env -S LANG=C perl -w', '/usr/bin/perl', true],
  ['#!/usr/bin/python3', '/usr/bin/perl', false],
];

for (const [line, ran, found] of SCRIPTS) {
  test(`the calls of a service that is a script with ${line} are ${found ? '' : 'not '}those of ${ran}`, async () => {
    const system = machine({ records: [record(7, 165, ran)] }, { files: { [RAN]: program(`${line}\n`) } });
    assert.deepEqual((await explained(system)).calls, found ? [['mount', false]] : []);
  });
}

for (const folder of ['/etc/systemd/system', '/run/systemd/system', '/run/systemd/system.control']) {
  test(`calls of [exec] programs that ran from ${folder} are the service's, by the program's own path`, async () => {
    const moved = `${folder}/${UNIT}.d/zz-sandbox-unit.programs/demod`;
    const others = moved.replace(UNIT, 'other.service');
    const system = machine({ records: [record(7, 165, moved), record(8, 166, others)] });
    const policy = `[exec]\nprograms = ["${RAN}"]\n${POLICY}`;
    system.files.set(POLICY_FILE, { bytes: new TextEncoder().encode(policy), mode: 0o644 });
    const { calls, refusals } = await explained(system);
    assert.deepEqual(calls, [['mount', false]]);
    assert.deepEqual(refusals[0]!.processes, [{ pid: 7, name: 'demod', program: RAN }]);
  });
}

test('the line that refused a call, and what would let it through', async () => {
  const { exit, text } = await explained(machine({ records: [record(100, 165), record(100, 165)] }));
  assert.equal(exit, 1);
  assert.deepEqual(text.split('\n'), [
    'demo.service: 1 call was refused',
    '',
    '/etc/sandbox-unit/demo.service.toml:2:9: error[refused-call]: mount (165) ended the process: deny @mount',
    '  2 | deny = ["@mount"]',
    '    |         ^^^^^^^^',
    '  by demod[100] (/usr/sbin/demod), once at 2023-11-14T22:14:20.000Z',
    '  to allow it, add a rule that allows mount (/etc/sandbox-unit/demo.service.toml)',
    '      [[syscalls.rules]]',
    '      syscall = "mount"',
    '      when = [{ arg = 0, ge = 0 }]',
    '      action = "allow"',
    '  warning[opens]: with CAP_SYS_ADMIN it can then change which files it sees',
    '',
  ]);
});

test('what an extended policy refuses may be taken out of extends in its place', async () => {
  const file = `/etc/sandbox-unit/${UNIT}.toml`;
  const base = '/etc/sandbox-unit/templates/none.toml';
  const other = '/etc/sandbox-unit/templates/other.toml';
  const told = async (own: string, ofBase: string) => {
    const system = machine({ records: [record(100, 59)] });
    for (const [path, text] of [
      [file, own],
      [base, ofBase],
      [other, 'extends = ["none"]\n'],
    ] as const)
      system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });
    const { text, json } = await explained(system);
    const [{ instead } = {}] = json.refusals as { instead?: { does: string } }[];
    return { text, does: instead?.does };
  };
  const BASE = '[syscalls]\ndeny = ["execve", "execveat"]\n';
  const found = await told('# mine\nextends = ["none"]\n[syscalls]\ndeny = ["acct"]\n', BASE);
  const does = 'take "none" out of extends in line 2, and with it execveat';
  assert.equal(found.does, does);
  assert.match(found.text, /\n {2}to allow it, add a rule that allows execve \(.*\n {6}/);
  assert.ok(found.text.includes(`\n  or ${does} (${file})\n`));
  const more = `${BASE}[service]\nPrivateTmp = true\n`;
  assert.match((await told('extends = ["none"]\n', more)).does ?? '', /with it execveat, PrivateTmp=$/);
  // Where another brings it in as well, where it is refused by the policy, too, or all would be let through.
  assert.equal((await told('extends = ["none", "other"]\n', BASE)).does, undefined);
  assert.equal((await told('extends = ["none"]\n[syscalls]\ndeny = ["execve"]\n', BASE)).does, undefined);
  const allows = BASE.replace('deny', 'allow = ["@system-service"]\ndeny');
  assert.equal((await told('extends = ["none"]\n', allows)).does, undefined);
});

test('a name of an extended policy is shown by the numbers of what is not seen in it', async () => {
  const system = machine({ records: [record(100, 59)] });
  const expected = '[[expect]]\nsyscall = "execve"\naction = "kill"\n';
  for (const [path, text] of [
    [POLICY_FILE, 'extends = ["./b\\u001b[41m\\u202e.toml"]\n'],
    ['/etc/sandbox-unit/b\x1b[41m\u202e.toml', `[syscalls]\ndeny = ["execve"]\n${expected}`],
  ] as const)
    system.files.set(path, { bytes: new TextEncoder().encode(text), mode: 0o644 });
  const { text } = await explained(system);
  assert.match(text, /\n {2}and expect it, in place of .*b\\x1b\[41m\\u202e\.toml:/);
  assert.match(text, /\n {2}or take "\.\/b\\x1b\[41m\\u202e\.toml" out of extends/);
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}]/u);
});

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

test('what may be of another has no change, and is left out where the call is known to be its own', async () => {
  const guess = await explained(machine({ records: [record(7, 165)] }));
  assert.deepEqual([guess.exit, guess.calls], [1, [['mount', false]]]);
  const [{ changes, instead, opens } = assert.fail()] = guess.refusals;
  assert.deepEqual([changes, instead, opens], [[], undefined, undefined]);
  assert.match(guess.text, /error\[refused-call\]: probably its own: mount \(165\) ended the process/);
  assert.match(guess.text, /^ {2}no change is proposed for what may be another's call: 'explain --record'/m);
  assert.doesNotMatch(guess.text, /to allow it|opens/);
  const both = await explained(machine({ records: [record(7, 165), record(100, 165), record(8, 165)] }));
  assert.deepEqual(
    both.refusals.map(({ certain, count, processes }) => [certain, count, processes.map(({ pid }) => pid)]),
    [[true, 1, [100]]],
  );
  assert.match(both.text, /to allow it, add a rule that allows mount/);
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

test('what was refused in a trial that was put back is explained once, though it was started since', async () => {
  const system = machine({ records: [record(7, 165, RAN, { at: START - 60 })] });
  const policy = POLICY_FILE;
  await system.replace(policy, new TextEncoder().encode(POLICY), {
    mode: 0o644,
    modified: (START - 90) * 1000,
  });
  const { exit, calls, codes, text } = await explained(system);
  assert.deepEqual([exit, calls, codes], [1, [['mount', false]], ['not-applied']]);
  assert.equal(text.match(/deny @mount/g)?.length, 1);
  // Of what was refused before the policy was written it says nothing.
  await system.replace(policy, new TextEncoder().encode(POLICY), {
    mode: 0o644,
    modified: (START - 30) * 1000,
  });
  assert.deepEqual((await explained(system)).calls, []);
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

test('apply says which call a service was refused that it puts back, and waits for the record', async () => {
  let looks = 0;
  const system = machine(
    {},
    {
      behaviour: (_, confined) => (confined ? 'dies' : 'works'),
      links: {},
      programs: {
        journalctl: (argv) => {
          const ofKernel =
            argv.includes('_TRANSPORT=kernel') && argv.some((word) => word.startsWith('--since'));
          if (ofKernel) looks++;
          return done(ofKernel && looks === 3 ? kernel(record(7, 165)) : '');
        },
      },
    },
  );
  const { exit, diagnostics } = await apply(fakeContext(system), [UNIT], {});
  const refused = diagnostics.filter(({ code }) => code === 'refused-call');
  assert.equal(exit, 1);
  assert.deepEqual(
    refused.map(({ message, at }) => [message, at?.line]),
    [['probably its own: mount (165) ended the process: deny @mount', 2]],
  );
  assert.match(refused[0]!.hint!, /^no change is proposed for what may be another's call/);
  assert.deepEqual(
    system.calls.filter((call) => call === 'wait 200'),
    ['wait 200', 'wait 200'],
  );
});
