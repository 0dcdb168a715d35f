/** Tests of cli/run/prepare.ts, cli/run/properties.ts, cli/run/unit.ts and cli/run/policy.ts: command lines, and the units that they become. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RunOptions } from '../../../src/cli/run/options.js';
import { inlinePolicy } from '../../../src/cli/run/policy.js';
import type { Code } from '../../../src/codes/subjects.js';
import { EXIT } from '../../../src/diagnostic.js';
import { LAUNCHER } from '../../support/demo-service.js';
import { elf } from '../../support/elf.js';
import { program } from '../../support/fake-system.js';
import {
  argvOf,
  codes,
  type Options,
  propertiesOf,
  type Ran,
  ran,
  UNAME,
} from '../../support/run-in-memory.js';

test('run: variables are words of --property and --setenv; the last of a name counts', async () => {
  const cases: [property: string[], setenv: string[], variables: string[] | undefined][] = [
    [['Environment=A=x B=y'], [], ['A=x', 'B=y']],
    [['Environment="A=x y" \'B=\\t\' C=$D'], [], ['A=x y', 'B=\t', 'C=$D']],
    [['Environment=A=1'], ['A=2', 'B=x=y z'], ['A=2', 'B=x=y z']],
    [['Environment=A=1', 'Environment=', 'Environment=B=2'], [], ['B=2']],
    [['Environment='], [], undefined],
    [[], ['NOT_SET', 'PATH', 'toString'], ['NOT_SET=', 'PATH=/usr/bin:/bin', 'toString=']],
  ];
  for (const [property, setenv, variables] of cases) {
    const one = await ran({ ...UNAME, property, setenv });
    assert.deepEqual(propertiesOf(one).get('Environment'), variables);
  }
});

test('run --allow-gaps: a gap of a directive is a warning', async () => {
  const one = await ran({ ...UNAME, property: ['StateDirectoryQuota=1G'], allowGaps: true });
  assert.deepEqual([codes(one), one.outcome.exit], [[], 0]);
  assert.match(one.units.told[0]!, /^warning\[gap-directive\]: /);
  assert.equal(propertiesOf(one).get('StateDirectoryQuota'), undefined);
});

describe('run: policy of a command line', () => {
  const policies: readonly [RunOptions & { policy?: string; template?: string }, object | undefined][] = [
    [{}, undefined],
    [{ policy: 'p.toml' }, undefined],
    [{ deny: ['a,b', ' c'] }, { syscalls: { deny: ['a', 'b', 'c'] } }],
    [
      { allow: ['@x'], log: ['y'], stage: 'entry' },
      { syscalls: { allow: ['@x'], log: ['y'], stage: 'entry' } },
    ],
    [{ errno: '5' }, { syscalls: { action: 5 } }],
    [{ errno: 'EPERM' }, { syscalls: { action: 'EPERM' } }],
    [
      { policy: 'p.toml', deny: ['a'] },
      { extends: ['./p.toml'], syscalls: { deny: ['a'] } },
    ],
    [
      { policy: '/p', deny: ['a'] },
      { extends: ['/p'], syscalls: { deny: ['a'] } },
    ],
    [
      { policy: '-', deny: ['a'] },
      { extends: ['-'], syscalls: { deny: ['a'] } },
    ],
    [
      { template: 'no-exec', deny: ['a'] },
      { extends: ['no-exec'], syscalls: { deny: ['a'] } },
    ],
    [{ deny: ['"\n]'] }, { syscalls: { deny: ['"\n]'] } }],
  ];
  for (const [options, data] of policies) {
    test(`${JSON.stringify(options)}`, () => assert.deepEqual(inlinePolicy(options)?.data, data));
  }
});

test('run: a policy from standard input alone, and with additions of the command line', async () => {
  const input = '[syscalls]\ndeny = ["uname"]\n';
  const filterOf = async (options: Options) =>
    propertiesOf(await ran({ policy: '-', ...options }, { input })).get('SystemCallFilter');
  assert.deepEqual(await filterOf({}), [false, ['uname']]);
  assert.deepEqual(await filterOf({ deny: ['acct'] }), [false, ['acct', 'uname']]);
  const piped = await ran({ policy: '-', pipe: true }, { input });
  assert.deepEqual([codes(piped), piped.units.started], [['usage'], []]);
  const wrong = await ran({ policy: '-' }, { input: '[syscalls]\ndeny = ["exceve"]\n' });
  assert.equal(wrong.outcome.diagnostics[0]!.at?.file, 'standard input');
});

test('run: what systemd can refuse is left to systemd, and nothing is installed', async () => {
  const one = await ran({ ...UNAME, unit: 'x', description: 'd', collect: true });
  assert.deepEqual(codes(one), []);
  assert.equal(one.units.started[0]!.unit, 'x.service');
  assert.deepEqual(Object.fromEntries(propertiesOf(one)), {
    Description: 'd',
    Documentation: ['man:sandbox-unit-run(1)'],
    CollectMode: 'inactive-or-failed',
    SystemCallArchitectures: ['native'],
    SystemCallFilter: [false, ['uname']],
    SystemCallErrorNumber: 100,
    ExecStartEx: [['/usr/bin/myos', ['/usr/bin/myos'], ['no-env-expand']]],
  });
  assert.deepEqual(one.system.changes, []);
});

test('run: a rule for the launcher is an argument of it; the launcher is installed once', async () => {
  const one = await ran({ deny: ['execve', 'execveat'] }, { words: ['myos', '', '$A %n', '--wait'] });
  const [path, argv, flags] = argvOf(one);
  assert.equal(path, LAUNCHER);
  const [launcher, filter = '', ...rest] = argv;
  assert.equal(launcher, LAUNCHER);
  assert.match(filter, /^--filter-base64=[A-Za-z0-9+/]+=*$/);
  assert.deepEqual(rest, ['--', '/usr/bin/myos', '', '$A %n', '--wait']);
  assert.deepEqual(flags, ['no-env-expand']);
  assert.equal(propertiesOf(one).get('NoNewPrivileges'), true);
  assert.equal(propertiesOf(one).get('SyslogIdentifier'), 'myos');
  assert.deepEqual(one.system.changes, [`replace ${LAUNCHER}`]);
  const files = { [LAUNCHER]: program('launcher of this build') };
  assert.deepEqual((await ran({ deny: ['execve', 'execveat'] }, { files })).system.changes, []);
});

describe('run: the launcher is installed', () => {
  const NO_EXEC = { deny: ['execve', 'execveat'] };
  const locksOf = ({ system }: Ran) => system.calls.filter((call) => /lock|^replace/.test(call));

  test('while no other run changes units', async () => {
    const locked = ['lock /run/sandbox-unit/lock 0', `replace ${LAUNCHER}`, 'unlock'];
    assert.deepEqual(locksOf(await ran(NO_EXEC)), locked);
  });

  test("only if it is missing: otherwise run doesn't wait", async () => {
    const files = { [LAUNCHER]: program('launcher of this build') };
    const one = await ran(NO_EXEC, { files, locked: 'for-ever' });
    assert.deepEqual([one.outcome.exit, locksOf(one)], [0, []]);
  });

  test('run: the launcher is not installed while another run keeps the lock', async () => {
    const one = await ran(NO_EXEC, { locked: 'for-ever' });
    assert.deepEqual([one.outcome.exit, codes(one), one.units.started], [1, ['busy'], []]);
    assert.ok(!one.system.files.has(LAUNCHER));
  });
});

test("run: variables are expanded on request, but not in the launcher's arguments", async () => {
  const files = { '/usr/bin/a$b': program(elf()) };
  const words = ['a$b', '$A'];
  const plain = await ran({ ...UNAME, expandEnvironment: 'yes' }, { words, files });
  assert.deepEqual(argvOf(plain), ['/usr/bin/a$b', ['/usr/bin/a$$b', '$A'], []]);
  const launched = await ran({ deny: ['execve', 'execveat'], expandEnvironment: 'yes' }, { words, files });
  assert.deepEqual(argvOf(launched)[1].slice(2), ['--', '/usr/bin/a$$b', '$A']);
});

test('run: options become directives of the unit', async () => {
  const one = await ran({
    ...UNAME,
    uid: 'daemon',
    gid: 'adm',
    nice: '5',
    slice: 'web',
    sameDir: true,
    serviceType: 'oneshot',
    remainAfterExit: true,
    setenv: ['A=b c', 'PATH'],
    property: [
      'ProtectSystem=strict',
      'ReadOnlyPaths=/a /b',
      'MemoryMax=50%',
      'Environment=X=1',
      'RestartSec=1s',
    ],
  });
  assert.deepEqual(codes(one), []);
  const expected = {
    User: 'daemon',
    Group: 'adm',
    Nice: 5,
    Slice: 'web.slice',
    WorkingDirectory: '/folder',
    Type: 'oneshot',
    RemainAfterExit: true,
    Environment: ['X=1', 'A=b c', 'PATH=/usr/bin:/bin'],
    ProtectSystem: 'strict',
    ReadOnlyPaths: ['/a', '/b'],
    MemoryMaxScale: 0x7fffffff + 1,
    RestartUSec: 1_000_000n,
  };
  const properties = Object.fromEntries(propertiesOf(one));
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(properties[name], value, name);
});

test("run: what hides the launcher is opened for it; a root of the service's own has its own programs", async () => {
  const one = await ran(
    { deny: ['execve', 'execveat'], property: ['NoExecPaths=/', 'RootDirectory=/srv'] },
    { words: ['inside', 'x'] },
  );
  assert.deepEqual(codes(one), []);
  assert.deepEqual(propertiesOf(one).get('ExecPaths'), [LAUNCHER]);
  assert.deepEqual(propertiesOf(one).get('BindReadOnlyPaths'), [[LAUNCHER, LAUNCHER, false, 16384]]);
  assert.deepEqual(argvOf(one)[1].slice(2), ['--', 'inside', 'x']);
});

const NO_EXEC = { deny: ['execve', 'execveat'] };
const WRAP = '[syscalls]\ndeny = ["execve", "execveat"]\n[exec]\nwrap = ["ExecStart", "ExecStartPre"]\n';

const warningsOf = ({ units }: Ran) => units.told.filter((line) => line.startsWith('warning'));

test('run: says which other commands run without the filter', async () => {
  const property = ['ExecStartPre=+/usr/bin/myos a', 'ExecStop=/usr/bin/myos'];
  const launched = await ran({ ...NO_EXEC, property });
  assert.deepEqual(warningsOf(launched), [
    'warning[without-launcher]: ExecStartPre=+, ExecStop= run without the filter of the launcher; ' +
      'with + without any sandbox',
  ]);
  assert.deepEqual(propertiesOf(launched).get('ExecStartPreEx'), [
    ['/usr/bin/myos', ['/usr/bin/myos', 'a'], ['privileged']],
  ]);
  const filtered = await ran({ ...UNAME, property });
  assert.deepEqual(warningsOf(filtered), [
    'warning[without-launcher]: ExecStartPre=+ runs without any sandbox',
  ]);
});

test("run: a policy's `wrap` puts the launcher before other commands", async () => {
  const property = [
    'ExecStartPre=-/usr/bin/myos "a b" $A',
    'ExecStartPre=@/usr/bin/myos name',
    'User=daemon',
  ];
  const one = await ran({ policy: '/wrap.toml', property }, { files: { '/wrap.toml': WRAP } });
  assert.deepEqual(warningsOf(one), []);
  const [, filter] = argvOf(one)[1];
  assert.match(filter!, /^--filter-base64=/);
  assert.deepEqual(propertiesOf(one).get('ExecStartPreEx'), [
    [LAUNCHER, [LAUNCHER, filter, '--', '/usr/bin/myos', 'a b', '$A'], ['ignore-failure']],
    [LAUNCHER, [LAUNCHER, filter, '--argv0=name', '--', '/usr/bin/myos'], []],
  ]);
});

test('run: data and texts of standard input are joined in their order', async () => {
  const property = ['StandardInputText=a\\x41 ', 'StandardInputData=Qg==', 'StandardInputText=100%%'].map(
    (text) => text.trim(),
  );
  const one = await ran({ ...UNAME, property });
  const bytes = propertiesOf(one).get('StandardInputData') as number[];
  assert.equal(String.fromCharCode(...bytes), 'aA\nB100%\n');
});

/** Command lines that nothing comes of, and why. */
const REFUSED: readonly [options: Options, code: Code, words?: readonly string[]][] = [
  [{}, 'no-policy'],
  [{ nice: '5', property: ['Type=exec'] }, 'no-policy'],
  [{ property: ['ProtectSytem=strict'] }, 'unknown-directive'],
  [{ deny: ['exceve'] }, 'unknown-syscall'],
  [{ deny: ['uname:ENETDWN'] }, 'policy-value'],
  [{ ...UNAME, errno: 'x' }, 'policy-value'],
  [{ ...UNAME, stage: 'x' }, 'policy-value'],
  [{ ...UNAME, property: ['ProtectSytem=strict'] }, 'unknown-directive'],
  [{ ...UNAME, property: ['ProtectSystem=maybe'] }, 'directive-value'],
  [{ ...UNAME, property: ['ProtectSystem'] }, 'usage'],
  [{ ...UNAME, property: ['NonBlocking=yes'] }, 'refused-directive'],
  [{ ...UNAME, property: ['JobTimeoutSec=1'] }, 'refused-directive'],
  [{ ...UNAME, property: ['ExecStart=/bin/x'] }, 'refused-directive'],
  [{ ...UNAME, property: ['ExecStatPre=/bin/x'] }, 'unknown-directive'],
  [{ ...UNAME, property: ['ExecStartPre=/bin/x ; /bin/y'] }, 'directive-value'],
  [{ ...UNAME, property: ['ExecStartPre=/bin/x\nExecStart=/bin/y'] }, 'directive-value'],
  [{ ...UNAME, property: ['ExecStartPre=/bin/x "'] }, 'directive-value'],
  [{ ...UNAME, property: ['ExecStartPre=/bin/x %n'] }, 'directive-value'],
  [{ ...UNAME, property: ['ExecStartPre=|x'] }, 'gap-directive'],
  [{ ...UNAME, property: ['Type=dbus'] }, 'directive-value'],
  [{ ...UNAME, property: ['Type=dbus', 'BusName=x'] }, 'directive-value'],
  [{ ...UNAME, property: ['After=network'] }, 'directive-value'],
  [{ ...UNAME, property: ['After=a@.service'] }, 'directive-value'],
  [{ ...UNAME, property: ['After='] }, 'directive-value'],
  [{ ...UNAME, property: ['ConditionPathExists=| /etc'] }, 'directive-value'],
  [{ ...UNAME, property: ['StandardOutput=file:log'] }, 'directive-value'],
  [{ ...UNAME, property: ['StandardInputText=\\q'] }, 'directive-value'],
  [{ ...UNAME, property: ['StandardInputData=?'] }, 'directive-value'],
  [{ property: ['ExecStartPre=/bin/x', 'After=basic.target'] }, 'no-policy'],
  [{ policy: '/wrap.toml', property: ['ExecStartPre=+/bin/x'] }, 'gap-exec-privileged'],
  [{ ...UNAME, property: ['ReadOnlyPaths=%h'] }, 'directive-value'],
  [{ ...UNAME, property: ['StateDirectoryQuota=1G'] }, 'gap-directive'],
  [{ property: ['SystemCallFilter=~uname exceve'] }, 'own-filter-word-ignored'],
  [{ property: ['SystemCallFilter=~"uname"'] }, 'directive-value'],
  [{ property: ['SystemCallFilter=~uname', 'SystemCallFilter=~'] }, 'directive-value'],
  [{ ...UNAME, property: ['SystemCallLog=~ '] }, 'directive-value'],
  [{ property: ['SystemCallErrorNumber=ENOSUCH'] }, 'directive-value'],
  [{ property: ['SystemCallArchitectures=x87'] }, 'directive-value'],
  [{ ...UNAME, setenv: ['1=2'] }, 'usage'],
  [{ ...UNAME, property: ['Environment=A'] }, 'usage'],
  [{ ...UNAME, property: ['Environment="A=x'] }, 'usage'],
  [{ deny: [',', ''] }, 'usage'],
  [{ deny: ['uname,execve execveat'] }, 'usage'],
  [{ errno: 'EPERM' }, 'no-policy'],
  [{ stage: 'entry' }, 'no-policy'],
  [{ ...UNAME, slice: 'foo.service' }, 'usage'],
  [{ ...UNAME, expandEnvironment: 'maybe' }, 'usage'],
  [{ ...UNAME, unit: 'a/b' }, 'invalid-unit-name'],
  [{ ...UNAME, unit: 'x.socket' }, 'not-a-service'],
  [{ ...UNAME, unit: 'x@.service' }, 'unit-template'],
  [{ ...UNAME, wait: true, block: false }, 'usage'],
  [{ ...UNAME }, 'usage', []],
  [{ ...UNAME }, 'no-program', ['nothing']],
  [{ ...UNAME }, 'no-program', ['./myos']],
  [{ policy: '/nothing.toml' }, 'no-policy'],
  [{ template: 'nothing' }, 'unknown-template'],
];

for (const [options, code, words = ['myos']] of REFUSED) {
  test(`run: nothing is started by ${JSON.stringify(options)} ${words.join(' ')}: ${code}`, async () => {
    const files = {
      '/wrap.toml': WRAP,
    };
    const one = await ran(options, { words, files });
    assert.equal(one.outcome.exit, EXIT.findings);
    assert.ok(codes(one).includes(code), JSON.stringify(one.outcome.diagnostics));
    assert.deepEqual(one.units.started, []);
    assert.deepEqual(one.system.changes, []);
  });
}

test('run: names separated by white space are an error that asks for commas', async () => {
  const { outcome } = await ran({ deny: ['uname, execve  execveat'] });
  const [{ message, hint } = {}] = outcome.diagnostics;
  assert.equal(message, "--deny has white space in 'execve  execveat'");
  assert.equal(hint, 'separate names with commas: --deny execve,execveat');
});

test('run: an error in the policy of a command line names the option', async () => {
  const first = async (options: Options) => {
    const [{ code, message, hint, at } = {}] = (await ran(options)).outcome.diagnostics;
    assert.equal(at, undefined);
    return [code, message, hint];
  };
  assert.deepEqual(await first({ deny: ['uname,exceve'] }), [
    'unknown-syscall',
    "--deny: unknown syscall 'exceve'",
    "did you mean 'execve'?",
  ]);
  assert.match((await first({ ...UNAME, errno: 'ENOSUCH' })).join(), /^[a-z-]+,--errno: .*ENOSUCH/);
  assert.match(
    (await first({ ...UNAME, policy: '/none.toml' })).join(),
    /^no-policy,there is no policy file '\/none.toml'/,
  );
  const many = Array.from({ length: 6000 }, (_, i) => `${i}`).join(',');
  assert.deepEqual(await first({ deny: [many] }), [
    'policy-syntax',
    'the file has more than 5000 values',
    undefined,
  ]);
});

test("run: a failed expectation's hint names the option that decides", async () => {
  const policy = '[[expect]]\nsyscall = "uname"\naction = "allow"\n';
  const files = { '/root/p.toml': policy };
  const { outcome } = await ran({ ...UNAME, policy: '/root/p.toml' }, { files });
  const { hint } = outcome.diagnostics.find(({ code }) => code === 'expectation-failed')!;
  assert.equal(hint, "it comes from 'deny': --deny");
});

test('run: a name that is taken is the only error', async () => {
  const files = {
    '/usr/lib/systemd/system/x.service': '[Service]\nExecStart=/usr/bin/myos\n',
    '/etc/systemd/system/x.service.d/zz-sandbox-unit.conf': '[Service]\nSystemCallFilter=\nExecStart=\n',
  };
  const { outcome, units } = await ran({ unit: 'x', ...UNAME }, { files });
  assert.deepEqual(
    outcome.diagnostics.map(({ code, message, hint }) => [code, message, hint]),
    [['unit-exists', 'unit x.service already exists', 'give another name, or none']],
  );
  assert.deepEqual([outcome.exit, units.started], [1, []]);
  const distort = (all: Map<string, unknown>) => {
    for (const [name, value] of [
      ['LoadState', 'loaded'],
      ['FragmentPath', '/run/systemd/transient/x.service'],
      ['Transient', true],
    ] as const)
      all.set(name, value);
  };
  const again = await ran({ unit: 'x', ...UNAME }, { distort });
  assert.match(
    again.outcome.diagnostics[0]!.hint!,
    /'systemctl stop x\.service' and 'systemctl reset-failed x\.service' free it$/,
  );
});

describe('run: drop-ins that systemd has for the unit override its properties', () => {
  const place = '/etc/systemd/system/x.service.d/a.conf';
  const withDropIn = (line: string, options: Options = UNAME) =>
    ran({ unit: 'x', ...options }, { files: { [place]: `[Service]\n${line}\n` } });
  test('one that resets the filter is an error', async () => {
    assert.deepEqual(codes(await withDropIn('SystemCallFilter=')), ['overridden']);
  });
  test('one that starts another program is an error', async () => {
    assert.deepEqual(codes(await withDropIn('ExecStart=\nExecStart=/usr/bin/myos --other')), ['overridden']);
  });
  test('one that resets a --property is an error', async () => {
    const options = { ...UNAME, property: ['ProtectSystem=strict'] };
    assert.deepEqual(codes(await withDropIn('ProtectSystem=no', options)), ['overridden']);
  });
  test('one that sandbox-unit left behind is an error', async () => {
    const files = {
      '/etc/systemd/system/x.service.d/zz-sandbox-unit.conf': '[Service]\nSystemCallFilter=\n',
    };
    assert.deepEqual(codes(await ran({ unit: 'x', ...UNAME }, { files })), ['overridden']);
  });
  test('one that extends a list is accepted; one that resets it, or has another wrapped command, is an error', async () => {
    const options = { ...UNAME, property: ['ExecStop=/usr/bin/myos', 'EnvironmentFile=/a'] };
    assert.deepEqual(codes(await withDropIn('ExecStop=/usr/bin/myos x', options)), []);
    assert.deepEqual(codes(await withDropIn('EnvironmentFile=/b', options)), []);
    assert.deepEqual(codes(await withDropIn('ExecStop=', options)), ['overridden']);
    const files = { '/wrap.toml': WRAP, [place]: '[Service]\nExecStartPre=/usr/bin/myos x\n' };
    const wrapped = { unit: 'x', policy: '/wrap.toml', property: ['ExecStartPre=/usr/bin/myos'] };
    assert.deepEqual(codes(await ran(wrapped, { files })), ['overridden']);
  });
  test('one that resets a --property of [Unit] is an error', async () => {
    const options = { ...UNAME, property: ['CollectMode=inactive'] };
    const line = '[Unit]\nCollectMode=inactive-or-failed';
    assert.deepEqual(codes(await withDropIn(line, options)), ['overridden']);
  });
  test('one about other directives is accepted', async () => {
    assert.deepEqual(codes(await withDropIn('Nice=5')), []);
  });
});
