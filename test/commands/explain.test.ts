import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import { explain } from '../../src/commands/explain.js';
import type { ProcessResult } from '../../src/system/system.js';
import { coreFile } from '../support/core-file.js';
import {
  type FakeOptions,
  type FakeSystem,
  fakeContext,
  machineWith,
  program,
} from '../support/fake-system.js';
import { documentedKeys, pathsOf } from '../support/json-keys.js';

const UNIT = 'demo.service';
const RAN = '/usr/sbin/demod';
const POLICY = `[syscalls]
deny = ["@mount"]
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_UNIX" }]
action = "allow"
`;
/** When a fake service has been started, in seconds since 1970, and later. */
const START = 1_700_000_000;

const done = (stdout: string, status = 0): ProcessResult => ({ status, stdout, stderr: '' });

function record(
  pid: number,
  syscall: number,
  program = RAN,
  more: { arch?: string; at?: number; login?: number } = {},
): string {
  const { arch = 'c000003e', at = START + 60, login = 4294967295 } = more;
  const fields = `auid=${login} uid=0 gid=0 ses=1 pid=${pid} comm="demod" exe="${program}" sig=31 arch=${arch}`;
  return `audit: type=1326 audit(${at}.000:${pid + syscall}): ${fields} syscall=${syscall} compat=0 ip=0x1 code=0x80000000`;
}

const kernel = (message: string) =>
  `${JSON.stringify({ _TRANSPORT: 'kernel', SYSLOG_FACILITY: '0', MESSAGE: message })}\n`;

interface Logs {
  /** Messages of the kernel. */
  readonly records?: readonly string[];
  /** Units of processes, as the journal has them. */
  readonly units?: Readonly<Record<number, string>>;
  /** Whether a core dump of process 100 and call 41 is there. */
  readonly dumped?: boolean;
  readonly dmesg?: string;
  readonly audited?: string;
  /** How much of the journal's answer is read. */
  readonly room?: number;
}

const DUMP = {
  ...{ _SYSTEMD_UNIT: 'systemd-coredump@0-1-0.service', COREDUMP_UNIT: UNIT, COREDUMP_PID: '100' },
  ...{ COREDUMP_SIGNAL: '31', COREDUMP_TIMESTAMP: `${START + 60}000000` },
};

function journal(
  argv: readonly string[],
  { records = [], units = {}, dumped = false, room }: Logs,
): ProcessResult {
  if (argv.some((word) => word.startsWith('MESSAGE_ID='))) {
    return done(dumped ? `${JSON.stringify(DUMP)}\n` : '');
  }
  const pids = argv.flatMap((word) => /^_PID=(\d+)$/.exec(word)?.[1] ?? []);
  if (pids.length === 0) {
    const inOrder = argv.includes('--reverse') ? [...records].reverse() : records;
    return done(inOrder.map(kernel).join('').slice(0, room));
  }
  const entries = Object.entries(units).filter(([pid]) => pids.includes(pid));
  return done(
    entries.map(([pid, unit]) => `${JSON.stringify({ _PID: pid, _SYSTEMD_UNIT: unit })}\n`).join(''),
  );
}

/** A machine whose service runs as process 100. */
function machine(logs: Logs = {}, options: FakeOptions = {}): FakeSystem {
  const core = coreFile({ machine: 62, arch: 0xc000003e, nr: 41 });
  return machineWith(`[Service]\nExecStart=${RAN}\n`, POLICY, {
    running: [UNIT],
    links: { '/proc/self/ns/pid': 'pid:[4026531836]' },
    programs: {
      journalctl: (argv) => journal(argv, logs),
      '/bin/sh': () => done(core.toString('base64')),
      ...(logs.audited === undefined ? {} : { ausearch: () => done(logs.audited!) }),
      ...(logs.dmesg === undefined ? {} : { dmesg: () => done(logs.dmesg!) }),
    },
    ...options,
  });
}

async function explained(system: FakeSystem) {
  const outcome = await explain(fakeContext(system), [UNIT], {});
  const refusals = outcome.json.refusals as {
    call: string;
    certain: boolean;
    args?: string[];
    count: number;
  }[];
  const codes = outcome.diagnostics.map(({ code }) => code);
  return { ...outcome, codes, refusals, calls: refusals.map(({ call, certain }) => [call, certain]) };
}

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

test('whose a record is', async () => {
  const records = [
    record(100, 165),
    record(101, 166),
    record(102, 155, '/bin/child'),
    record(103, 161, '/bin/other'),
    record(104, 429),
    record(100, 428, RAN, { at: START - 60 }),
  ];
  const units = { 102: UNIT, 104: 'other.service' };
  const { calls } = await explained(machine({ records, units }));
  assert.deepEqual(calls, [
    ['mount', true],
    ['umount2', false],
    ['pivot_root', true],
  ]);
});

test('what was refused in a trial that was put back is explained once, though it was started since', async () => {
  const system = machine({ records: [record(7, 165, RAN, { at: START - 60 })] });
  const policy = `/etc/sandbox-unit/${UNIT}.toml`;
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
  const system = machine({ records, units: { 102: UNIT } });
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

test('a core dump is known to be of a second, and the service may have been started in the same', async () => {
  const distort = (properties: Map<string, unknown>) =>
    properties.set('InactiveExitTimestamp', BigInt(START + 60) * 1_000_000n + 700_000n);
  assert.deepEqual((await explained(machine({ dumped: true }, { distort }))).calls, [['socket', true]]);
});

test('where the journal has nothing of the kernel, its own log is read, and that of auditd', async () => {
  const dmesg = `a line\n${record(100, 165)}\n`;
  assert.deepEqual((await explained(machine({ dmesg }))).calls, [['mount', true]]);
  const audited = record(100, 165).replace('audit: type=1326 ', 'type=SECCOMP msg=');
  assert.deepEqual((await explained(machine({ audited }))).calls, [['mount', true]]);
});

test('nothing was refused, nothing can be read', async () => {
  const fine = await explained(machine({ records: ['a line'] }));
  assert.deepEqual([fine.exit, fine.codes, fine.refusals], [0, ['no-record'], []]);
  assert.equal(fine.text, 'demo.service: no refused call is on record\n');
  assert.match(fine.diagnostics[0]!.message, /^calls that fail with an errno leave no record/);
  const blind = await explained(machine());
  assert.deepEqual([blind.exit, blind.codes, blind.text], [2, ['records-unreadable'], '']);
  const few = await explained(machine({ records: ['kauditd_printk_skb: 6 callbacks suppressed'] }));
  assert.deepEqual(few.codes, ['records-suppressed', 'no-record']);
});

test('the keys that it prints are those of the manual', async () => {
  const records = [record(100, 41), record(100, 165), record(100, 11, RAN, { arch: 'c00000b7' })];
  const { json } = await explained(machine({ records, dumped: true }));
  const extending = machine({ records: [record(100, 59)] });
  const policy = { bytes: new TextEncoder().encode('extends = ["none"]\n'), mode: 0o644 };
  extending.files.set(`/etc/sandbox-unit/${UNIT}.toml`, policy);
  const base = { bytes: new TextEncoder().encode('[syscalls]\ndeny = ["execve"]\n'), mode: 0o644 };
  extending.files.set('/etc/sandbox-unit/templates/none.toml', base);
  const seen = new Set([...pathsOf(json), ...pathsOf((await explained(extending)).json)]);
  assert.deepEqual([...seen].sort(), [...documentedKeys('explain').keys()].sort());
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
  assert.match(refused[0]!.hint!, /^to allow it: add a rule that allows mount: .* \/ syscall = "mount" \/ /);
  assert.deepEqual(
    system.calls.filter((call) => call === 'wait 200'),
    ['wait 200', 'wait 200'],
  );
});

test('a policy that is not the applied one is told where calls are explained by it', async () => {
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
