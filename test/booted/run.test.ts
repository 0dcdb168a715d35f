/** `sandbox-unit run` on a real systemd, compared with systemd-run. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { runCommand } from '../support/command-in-box.js';
import { machine } from '../support/machine.js';
import { assertKeys } from '../support/printed-json.js';
import { COMMAND, runAndRead, runUnit, said } from '../support/run-in-box.js';
import { PROGRAMS, properties } from '../support/service.js';
import { THOROUGH } from '../support/thorough.js';

const MYOS = 'test/booted/programs/myos.c';
/** A root folder with nothing in it but the program. */
const ROOT = '/srv/root';
const { box, test, skip } = machine('run', {
  programs: {
    myos: [MYOS],
    'myos-static': [MYOS, '-static'],
    'uname-errno': ['test/booted/programs/uname-errno.c'],
  },
  script: `mkdir -p ${ROOT}/bin; cp ${PROGRAMS}/myos-static ${ROOT}/bin/myos
    useradd --create-home tester && loginctl enable-linger tester || :
    systemctl start user@0.service user@$(id -u tester).service`,
});

const LINUX = 'My OS is Linux!\n';
const DOWN = 'uname failed: Network is down\n';
const RUNNING = 'Running as unit: NAME; invocation ID: ID';
const SUMMARY = ['Service runtime: N', 'CPU time consumed: N'];

const endings = {
  linux: ['Finished with result: success', 'Main processes terminated with: code=exited, status=0/SUCCESS'],
  killed: ['Finished with result: signal', 'Main processes terminated with: code=killed, status=31/SYS'],
  down: ['Finished with result: exit-code', 'Main processes terminated with: code=exited, status=1/FAILURE'],
} as const;

type How = keyof typeof endings;

interface Refusal {
  readonly call: string;
  readonly got: string;
  readonly cause: { readonly kind: string };
}

/** The talk's commands; each with the words of systemd-run, and as a policy. */
const TALK: readonly [words: readonly string[], how: How, status: number, output: string][] = [
  [['--property=SystemCallFilter=~uname'], 'killed', 255, ''],
  [['--deny', 'uname'], 'killed', 255, ''],
  [['--property=SystemCallFilter=~uname', '--property=SystemCallErrorNumber=ENETDOWN'], 'down', 1, DOWN],
  [['--deny', 'uname', '--errno', 'ENETDOWN'], 'down', 1, DOWN],
  [['--deny', 'uname:ENETDOWN', '--stage=entry'], 'down', 1, DOWN],
  [['--deny', 'execve,execveat'], 'linux', 0, LINUX],
];

const USERS: readonly [
  who: string,
  options: { user?: string; env?: Record<string, string> },
  flags: string[],
][] = [
  ['root', {}, []],
  ["root's own manager", { env: { XDG_RUNTIME_DIR: '/run/user/0' } }, ['--user']],
  ["verify from a user's own manager", { user: 'tester' }, ['--user']],
];

for (const [who, options, flags] of USERS) {
  describe(`the talk's commands for ${who}`, { skip }, () => {
    for (const [words, how, status, output] of TALK) {
      test(words.join(' '), async () => {
        const all = [
          ...flags,
          '--same-dir',
          '--wait',
          '--collect',
          '--service-type=exec',
          '-p',
          'LimitCORE=0',
        ];
        const result = await runAndRead(box, [...all, ...words, './myos'], { ...options, cwd: PROGRAMS });
        assert.deepEqual(said(result).slice(0, 3), [RUNNING, ...endings[how]], result.stderr);
        assert.deepEqual([result.status, result.stdout], [status, '']);
        assert.equal(result.output, output);
      });
    }
  });
}

describe('run prints and returns what systemd-run does:', { skip }, () => {
  const commands: readonly (readonly string[])[] = [
    ['--wait', 'true'],
    ['--wait', '-G', 'sh', '-c', 'exit 7'],
    ['--wait', '-G', 'sh', '-c', 'exit 203'],
    ['--wait', '-G', '-p', 'LimitCORE=0', 'sh', '-c', 'kill -SEGV 0'],
    ['--wait', '-G', 'sh', '-c', 'kill -TERM 0'],
    ['--wait', '-G', '-p', 'RuntimeMaxSec=100ms', 'sleep', '10'],
    ['--wait', '-G', '-p', 'User=nosuch', 'true'],
    ['--wait', '--service-type=oneshot', '-G', 'sh', '-c', 'exit 3'],
    ['--wait', '-q', '-G', 'sh', '-c', 'exit 5'],
    ['--wait', '-G', '-E', 'A=b c', 'sh', '-c', 'test "$A" = "b c"'],
    ['--wait', '-G', '--uid=daemon', '--nice=5', 'sh', '-c', 'test $(id -un) = daemon && test $(nice) = 5'],
    ['--wait', '-G', '--working-directory=/srv', 'sh', '-c', 'test $PWD = /srv'],
    ['-r', 'true'],
    ['--no-block', 'true'],
  ];
  const bare = (lines: string[]) => lines.map((line) => line.replace('; invocation ID: ID', ''));
  for (const words of commands) {
    test(words.join(' '), async () => {
      const theirs = await box.exec(['systemd-run', '--expand-environment=no', ...words]);
      const ours = await runUnit(box, ['--deny', 'uname', ...words]);
      assert.deepEqual([ours.status, bare(said(ours))], [theirs.status, bare(said(theirs))]);
    });
  }
});

describe("systemd's own tests of SystemCallFilter= and SystemCallErrorNumber=", {
  skip,
}, () => {
  const SH = ['sh', '-c', 'echo "This should not be seen"'];
  const UNAME = [`${PROGRAMS}/uname-errno`];
  const FIRST = ['~read write open execve ioperm', 'ioctl', 'read write open execve', '~ioperm'];
  const KNOWN = 'write open execve execveat exit_group close mmap munmap fstat';
  const SIGSYS = 255;
  const status = (key: string, value: string) => [
    'sh',
    '-c',
    `grep -qx '${key}:.${value}' /proc/self/status`,
  ];
  const p = (...lines: string[]) => lines.flatMap((line) => ['-p', line]);
  const filter = (...lines: string[]) => p(...lines.map((line) => `SystemCallFilter=${line}`));
  const errno = (text: string) => p(`SystemCallErrorNumber=${text}`);

  /** By upstream's name (test/test-execute/): its lines, a policy that means the same, the command, its exit status. */
  const cases: readonly [
    name: string,
    lines: readonly string[],
    policy: readonly string[],
    command: readonly string[],
    exit: number,
  ][] = [
    ['not-failing', filter(...FIRST), ['--deny', 'ioperm'], SH, 0],
    ['not-failing2', filter(''), ['--allow', '@known'], SH, 0],
    ['not-failing3', [...p('SystemCallArchitectures=native'), ...filter('')], ['--allow', '@known'], SH, 0],
    ['failing', filter('ioperm', '~ioperm', 'ioperm'), ['--allow', 'ioperm'], SH, SIGSYS],
    ['failing2', filter(`~${KNOWN}`), ['--deny', KNOWN.replaceAll(' ', ',')], SH, SIGSYS],
    [
      'failing3',
      [...p('SystemCallArchitectures=native'), ...filter(`~${KNOWN}`)],
      ['--deny', KNOWN.replaceAll(' ', ','), '--errno', 'kill'],
      SH,
      SIGSYS,
    ],
    [
      'with-errno-name',
      [...filter('~uname:EILSEQ'), ...errno('EACCES')],
      ['--deny', 'uname:EILSEQ', '--errno', 'EACCES'],
      UNAME,
      84,
    ],
    [
      'with-errno-number',
      [...filter('~uname:255'), ...errno('EACCES')],
      ['--deny', 'uname:255', '--errno', 'EACCES'],
      UNAME,
      255,
    ],
    [
      'with-errno-multi',
      [...filter('~uname:ENOENT uname:EILSEQ'), ...errno('EACCES')],
      ['--deny', 'uname:EILSEQ', '--errno', 'EACCES'],
      UNAME,
      84,
    ],
    [
      'with-errno-in-allow-list',
      [...filter('@system-service', '~uname:EILSEQ'), ...errno('EACCES')],
      ['--allow', '@system-service', '--deny', 'uname:EILSEQ', '--errno', 'EACCES'],
      UNAME,
      84,
    ],
    [
      'override-error-action',
      [...filter('~uname:kill'), ...errno('EILSEQ')],
      ['--deny', 'uname:kill', '--errno', 'EILSEQ'],
      UNAME,
      SIGSYS,
    ],
    [
      'override-error-action2',
      [...filter('~uname:EILSEQ'), ...errno('kill')],
      ['--deny', 'uname:EILSEQ', '--errno', 'kill'],
      UNAME,
      84,
    ],
    [
      'nonewprivileges',
      [...p('User=1'), ...filter('@system-service')],
      ['--uid=1', '--allow', '@system-service'],
      status('NoNewPrivs', '0'),
      0,
    ],
    [
      'nonewprivileges-protectclock',
      p('User=1', 'ProtectClock=yes'),
      ['--uid=1', '-p', 'ProtectClock=yes', '--deny', 'ioperm'],
      status('NoNewPrivs', '0'),
      0,
    ],
    [
      'nonewprivileges-bounding1',
      [...p('User=1', 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE'), ...filter('@system-service')],
      ['--uid=1', '-p', 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE', '--allow', '@system-service'],
      status('CapBnd', '0000000000000400'),
      0,
    ],
    [
      'nonewprivileges-bounding2',
      [
        ...p('User=1', 'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SETPCAP CAP_NET_BIND_SERVICE'),
        ...filter('@system-service'),
      ],
      [
        ...['--uid=1', '-p', 'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SETPCAP CAP_NET_BIND_SERVICE'],
        ...['--allow', '@system-service'],
      ],
      status('CapBnd', '0000000000200500'),
      0,
    ],
    ['system-user', [...p('User=daemon'), ...filter(...FIRST)], ['--uid=daemon', '--deny', 'ioperm'], SH, 0],
    ['nobody', [...p('User=nobody'), ...filter(...FIRST)], ['--uid=nobody', '--deny', 'ioperm'], SH, 0],
    [
      'nfsnobody',
      [...p('User=nfsnobody'), ...filter(...FIRST)],
      ['--uid=nfsnobody', '--deny', 'ioperm'],
      SH,
      217,
    ],
    [
      'writing-handoff-timestamp',
      [...filter('~@network-io', '~write'), ...errno('ENOSYS')],
      ['--deny', '@network-io,write', '--errno', 'ENOSYS'],
      ['true'],
      0,
    ],
    [
      'errornumber-name',
      [...filter('~uname'), ...errno('EACCES')],
      ['--deny=uname', '--errno=EACCES'],
      UNAME,
      13,
    ],
    [
      'errornumber-number',
      [...filter('~uname'), ...errno('255')],
      ['--deny=uname', '--errno=255'],
      UNAME,
      255,
    ],
  ];
  for (const [name, lines, policy, command, exit] of cases) {
    for (const [how, words] of [
      ['its own lines', lines],
      ['a policy', policy],
    ] as const) {
      test(`${name}, by ${how}`, async () => {
        const always = ['--wait', '-G', '--service-type=oneshot', '-p', 'LimitCORE=0'];
        const { status, stderr } = await runUnit(box, [...always, ...words, ...command]);
        assert.equal(status, exit, stderr);
      });
    }
  }

  test('names that systemd skips are errors here: the test failing2 has two of them', async () => {
    for (const words of [filter(`~${KNOWN} DONOTEXIST`), ['--deny', 'fexecve']]) {
      const { status, stderr } = await runUnit(box, [...words, ...SH]);
      assert.equal(status, 1);
      assert.match(stderr, /'(DONOTEXIST|fexecve)'/);
    }
  });
});

describe('the launcher starts wherever the service runs:', { skip }, () => {
  const DENY = ['--wait', '-G', '--service-type=exec', '--deny', 'execve,execveat,uname', '--errno=ENETDOWN'];
  const places: readonly (readonly string[])[] = [
    ['-p', 'DynamicUser=yes'],
    ['-p', 'PrivateTmp=yes', '-p', 'ProtectSystem=strict', '-p', 'ProtectHome=yes'],
    ['-p', 'TemporaryFileSystem=/usr/local'],
    ['-p', `NoExecPaths=/`, '-p', `ExecPaths=${PROGRAMS} /usr/lib`],
    ['-p', 'PrivateDevices=yes', '-p', 'PrivateUsers=yes', '--uid=daemon'],
  ];
  for (const words of places) {
    test(words.join(' '), async () => {
      const result = await runAndRead(box, [...DENY, ...words, `${PROGRAMS}/myos`]);
      assert.equal(result.status, 1, result.stderr);
      assert.equal(result.output, DOWN);
    });
  }
  for (const program of ['/bin/myos', 'myos']) {
    test(`RootDirectory= with ${program}`, async () => {
      const result = await runAndRead(box, [...DENY, '-p', `RootDirectory=${ROOT}`, program]);
      assert.equal(result.status, 1, result.stderr);
      assert.equal(result.output, DOWN);
    });
  }
});

test('run: --json prints all keys of its schema', async () => {
  const words = ['--wait', '--json', '--deny', 'execve,execveat', 'sh', '-c', 'exit 3'];
  const { status, stdout, stderr } = await runUnit(box, words);
  assert.deepEqual([status, stderr], [3, '']);
  const body = JSON.parse(stdout);
  assert.deepEqual([body.ok, body.result, body.code, body.status], [false, 'exit-code', 'exited', 3]);
  const timed = await runUnit(box, ['--on-active=1h', '--json', '--deny', 'uname', 'true']);
  const waits = JSON.parse(timed.stdout);
  await box.succeed(['systemctl', 'stop', waits.timer]);
  assert.deepEqual(assertKeys('run', [body, waits]), []);
});

test('run: arguments arrive unchanged', async () => {
  const words = ['a b', '', '$HOME', '%n', '\\', '"', "'", 'ä', ';', '--wait'];
  const print = ['sh', '-c', 'printf "[%s]" "$@"; kill -0 $$; echo', 'sh'];
  for (const deny of ['uname', 'execve,execveat']) {
    const result = await runAndRead(box, ['--wait', '-G', '--deny', deny, ...print, ...words]);
    assert.equal(result.status, 0, result.stderr);
    assert.equal(result.output, `${words.map((word) => `[${word}]`).join('')}\n`);
  }
});

describe('run --wait', { skip }, () => {
  const running = (unit: string) =>
    box.waitFor(
      `${unit} to run`,
      async () => (await box.exec(['systemctl', 'is-active', unit])).status === 0,
    );
  const start = (unit: string, ...command: string[]) =>
    runUnit(box, ['--wait', '-G', '-u', unit, '--deny', 'uname', ...command]);

  test('continues while the manager re-executes itself', async () => {
    const result = start('again', 'sh', '-c', 'until test -e /run/go; do sleep 0.02; done; exit 9');
    await running('again.service');
    await box.succeed(['systemctl', 'daemon-reexec']);
    await box.writeFile('/run/go', '');
    assert.equal((await result).status, 9);
  });

  test('the bus is started again: the end of the unit is unknown, and the unit goes on', async () => {
    const result = start('bus', 'sleep', '60');
    await running('bus.service');
    await box.sh('systemctl restart dbus.service; until busctl status >/dev/null 2>&1; do sleep 0.02; done');
    const { status, stderr } = await result;
    assert.equal(status, 1, stderr);
    assert.match(stderr, /error\[bus-failed\]/);
    await running('bus.service');
    await box.succeed(['systemctl', 'stop', 'bus.service']);
  });

  test('reports no success for a unit that ends while there is no bus', async () => {
    const result = start('unseen', 'sleep', '1');
    await running('unseen.service');
    await box.sh(
      'systemctl stop dbus.socket dbus.service; sleep 1.5; systemctl start dbus.socket dbus.service',
    );
    const { status, stderr } = await result;
    assert.equal(status, 1, stderr);
    assert.match(stderr, /error\[(unit-gone|bus-failed)\]/);
  });

  for (const [signal, status] of [
    ['INT', 130],
    ['TERM', 143],
    ['HUP', 129],
  ] as const) {
    test(`stops the unit on SIG${signal}`, async () => {
      const unit = `stop-${signal}`;
      const script =
        '"$@" & pid=$!; until systemctl -q is-active "$0"; do sleep 0.02; done; kill -$SIGNAL $pid; wait $pid';
      const words = [...COMMAND, '--wait', '-G', '-u', unit, '--deny', 'uname', 'sleep', '60'];
      const env = { SIGNAL: signal };
      // A shell's background commands ignore SIGINT.
      const client = ['env', '--default-signal=INT', ...words];
      const result = await box.exec(['bash', '-c', script, `${unit}.service`, ...client], { env });
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, new RegExp(`^SIG${signal}: stopping ${unit}.service`, 'm'));
      assert.notEqual((await box.exec(['systemctl', 'is-active', `${unit}.service`])).status, 0);
    });
  }

  test("stops waiting after a second signal, if the unit doesn't stop", async () => {
    const script = `"$@" & pid=$!; until test -e /run/deaf; do sleep 0.02; done; kill -TERM $pid
      until systemctl show --property=ActiveState deaf.service | grep -q deactivating; do sleep 0.02; done
      sleep 0.5; kill -TERM $pid; wait $pid`;
    const deaf = ['sh', '-c', 'trap "" TERM; : >/run/deaf; while :; do sleep 1; done'];
    const words = [...COMMAND, '--wait', '-G', '-u', 'deaf', '--deny', 'uname', ...deaf];
    const { status, stderr } = await box.exec(['bash', '-c', script, 'bash', ...words]);
    assert.equal(status, 143, stderr);
    assert.match(stderr, /^Detached: deaf.service is being stopped$/m);
    await box.succeed(['systemctl', 'kill', '--signal=KILL', 'deaf.service']);
  });

  test('run: a name that is taken is an error', async () => {
    const first = start('taken', 'sleep', 'inf');
    await running('taken.service');
    const { status, stderr } = await start('taken', 'true');
    assert.deepEqual([status, /error\[unit-exists\].*taken.service/.test(stderr)], [1, true], stderr);
    const others = await start('systemd-journald', 'true');
    assert.deepEqual([others.status, others.stdout], [1, '']);
    assert.match(
      others.stderr,
      /^error\[unit-exists\]: unit systemd-journald\.service already exists\n.*\n$/,
    );
    await box.succeed(['systemctl', 'stop', 'taken.service']);
    assert.equal((await first).status, 0);
  });
});

test('run --on-active: a timer starts the confined command again and again', async () => {
  const at = ['--on-active=0', '--on-unit-inactive=100ms', '--timer-property=AccuracySec=1us'];
  const words = ['-u', 'timed', ...at, '-E', 'X=1', '--deny', 'uname:ENETDOWN', `${PROGRAMS}/myos`];
  const { status, stderr } = await box.exec([...COMMAND, ...words]);
  assert.deepEqual(
    [status, stderr],
    [0, 'Running timer as unit: timed.timer\nWill run service as unit: timed.service\n'],
  );
  const said = () => box.succeed(['journalctl', '--unit=timed.service', '--output=cat', '--identifier=myos']);
  await box.waitFor('the second run', async () => (await said()).split(DOWN).length > 2);
  assert.doesNotMatch(await said(), /Linux/);
  const again = await box.exec([...COMMAND, ...words]);
  assert.deepEqual([again.status, /error\[unit-exists\]/.test(again.stderr)], [1, true], again.stderr);
  await box.succeed(['systemctl', 'stop', 'timed.timer']);
  const never = await box.exec([...COMMAND, '--on-calendar=never', '--deny', 'uname', 'true']);
  assert.deepEqual([never.status, /error\[/.test(never.stderr)], [1, true], never.stderr);
});

test('status --all lists units of run, and sees their filters', async () => {
  for (const [name, calls] of [
    ['by-systemd', 'ptrace'],
    ['by-launcher', 'execve,execveat'],
  ] as const)
    await runUnit(box, ['-u', name, '--deny', calls, 'sleep', '1h']);
  const { status, stdout } = await runCommand(box, ['status', '--all']);
  assert.equal(status, 0, stdout);
  assert.match(
    stdout,
    /^by-launcher\.service +- +live +- +\S+ +sandbox-unit run\nby-systemd\.service +- +live /m,
  );
  await box.succeed(['systemctl', 'stop', 'by-systemd', 'by-launcher']);
});

test('explain names the call that a failed unit of run was refused, while the unit exists', async () => {
  for (const calls of ['uname', 'uname,write']) {
    // A name of its own: the kernel's records are of the whole machine.
    const program = `${PROGRAMS}/myos-${process.pid}-${calls.length}`;
    await box.succeed(['cp', `${PROGRAMS}/myos`, program]);
    await runUnit(box, ['-u', 'explained', '--deny', calls, program]);
    await box.waitFor('its end', async () => {
      return (await box.exec(['systemctl', 'is-failed', 'explained.service'])).status === 0;
    });
    const { stdout: logged } = await box.exec([
      ...['journalctl', '--quiet', '--output=cat', '_TRANSPORT=kernel'],
      `--grep=type=1326 .*exe="${program}"`,
    ]);
    const { status, stdout, stderr } = await runCommand(box, ['explain', '--json', 'explained']);
    const { refusals, diagnostics } = JSON.parse(stdout);
    const found = refusals.map(({ call, got, cause }: Refusal) => [call, got, cause.kind]);
    // The kernel leaves records out where others on the machine log many: then it is an error that none is there.
    assert.deepEqual(found, logged === '' ? [] : [['uname', 'killed', 'own-filter']], stderr);
    const isTold = diagnostics.some(({ code }: { code: string }) => /^records-/.test(code));
    assert.deepEqual(logged === '' ? [status, isTold] : [status], logged === '' ? [2, true] : [1]);
    await box.succeed(['systemctl', 'reset-failed', 'explained']);
  }
  await box.waitFor('the manager to unload it', async () => {
    const { LoadState } = await properties(box, 'explained.service', 'LoadState');
    return LoadState === 'not-found';
  });
  const { status, stderr } = await runCommand(box, ['explain', 'explained']);
  assert.equal(status, 2);
  assert.match(stderr, /error\[no-unit\].*\n.*a unit of 'run' is unloaded/);
});

test('run: a command that never started is no success', async () => {
  const path = '/run/systemd/system/never.service.d/x.conf';
  await box.writeFile(path, '[Unit]\nConditionPathExists=/nonexistent\n');
  const { status, stderr } = await runUnit(box, ['--wait', '-u', 'never', '--deny', 'uname', 'true']);
  assert.equal(status, 1);
  assert.match(stderr, /^error\[start-failed\]: never.service failed to start \(skipped\)$/m);
  await box.succeed(['rm', path]);
});

test('run: what a unit is given by --property is in force', async () => {
  const own = [
    ...['StandardInput=data', 'StandardInputText=a\\x20b', 'StandardInputData=Ywo='],
    ...['StandardOutput=append:/run/own-output', 'ExecStartPre=/bin/sh -c "echo $PRE $$PRE"'],
    ...[
      'ExecStopPost=-/bin/sh -c "echo $SERVICE_RESULT"',
      'SuccessExitStatus=3',
      'EnvironmentFile=/run/own-env',
    ],
    ...['ConditionPathExists=|/none', 'ConditionPathExists=|!/none', 'After=basic.target', 'LogLevelMax=err'],
  ].map((text) => `--property=${text}`);
  await box.writeFile('/run/own-env', 'PRE=before\n');
  const { status, stderr } = await runUnit(box, [
    '--wait',
    '--deny',
    'mount',
    ...own,
    'sh',
    '-c',
    'cat; exit 3',
  ]);
  assert.equal(await box.readFile('/run/own-output'), 'before before\na b\nc\nsuccess\n', stderr);
  assert.equal(status, 0);
  const unmet = ['--wait', '--deny', 'mount', '-p', 'ConditionPathExists=/none', 'true'];
  assert.match((await runUnit(box, unmet)).stderr, /error\[start-failed\].*\(skipped\)/);
});

test('run: a filter applies to other Exec lines if the policy says so', async () => {
  const policy = '[syscalls]\ndeny = ["execve", "execveat"]\n';
  await box.writeFile('/run/plain.toml', policy);
  await box.writeFile('/run/wrap.toml', `${policy}[exec]\nwrap = ["ExecStart", "ExecStartPre"]\n`);
  const start = (file: string, pre: string) =>
    runUnit(box, ['--wait', '--policy', file, '-p', `ExecStartPre=${pre}`, 'sh', '-c', ':']);
  const plain = await start('/run/plain.toml', '/bin/sh -c "/bin/true; exit $?"');
  assert.equal(plain.status, 0, plain.stderr);
  assert.match(
    plain.stderr,
    /^warning\[without-launcher\]: ExecStartPre= runs without the filter of the launcher/m,
  );
  const wrapped = await start('/run/wrap.toml', '/bin/sh -c "/bin/true; exit $?"');
  assert.notEqual(wrapped.status, 0);
  assert.doesNotMatch(wrapped.stderr, /without-launcher/);
  const quiet = await start('/run/wrap.toml', '/bin/sh -c ":"');
  assert.equal(quiet.status, 0, quiet.stderr);
});

test("run: drop-ins are read from the manager's folders", async () => {
  const path = '/run/systemd/system/emptied.service.d/x.conf';
  await box.writeFile(path, '[Service]\nSystemCallFilter=\n');
  for (const env of [{}, { SYSTEMD_UNIT_PATH: '/nonexistent' }]) {
    const words = ['--wait', '-u', 'emptied', '-p', 'SystemCallFilter=~uname', 'uname'];
    const { status, stderr } = await runUnit(box, words, { env });
    assert.equal(status, 1);
    assert.match(stderr, /error\[overridden\]/);
  }
  await box.writeFile(path, '[Service]\nExecStartPre=/bin/true\n');
  const { stderr } = await runUnit(box, ['--wait', '-u', 'emptied', '--deny', 'execve,execveat', 'true']);
  assert.match(stderr, /^warning\[without-launcher\]: .*ExecStartPre=/m);
  await box.succeed(['rm', path]);
});

test("run: a user may not start the system's units, which the error says", async () => {
  const { status, stderr } = await runUnit(box, ['--deny', 'uname', 'true'], { user: 'tester' });
  assert.equal(status, 1);
  assert.match(stderr, /^error\[access-denied\]: /m);
});

test('run: without a bus the error names it', async () => {
  const env = { XDG_RUNTIME_DIR: '/nowhere' };
  const { status, stderr } = await runUnit(box, ['--user', '--deny', 'uname', 'true'], { env });
  assert.equal(status, 1);
  assert.match(stderr, /^error\[no-bus\]: .*\n {2}hint: /m);
});

/** Units, processes, descriptors of the manager, files: all that a run could leave behind, the journal's own aside. */
const present = async () =>
  box.succeed([
    'bash',
    '-c',
    `systemctl list-units --all --plain --no-legend | awk '{ print $1 }'
     ps -eo comm= | grep -vxE 'bash|sh|ps|sort|uniq|grep|awk|find|ls|wc|systemctl' | sort | uniq -c
     ls /proc/1/fd | wc -l
     find /run /tmp /etc /usr/local /var /root -xdev 2>/dev/null | grep -v '/log/journal/' | sort`,
  ]);

test('run: many units in sequence and in parallel have their own exit statuses, and leave nothing', async () => {
  const one = `${COMMAND.join(' ')} --wait -q -G --deny`;
  const row = `for i in $(seq ${THOROUGH ? 20 : 5}); do ${one} execve,execveat sh -c "exit $((i % 5))"; [ $? = $((i % 5)) ] || exit 1; done`;
  const many = `seq ${THOROUGH ? 30 : 12} | xargs -P 30 -I{} sh -c '${one} uname sh -c "exit $(({} % 7))"; test $? = $(({} % 7))'`;
  const before = await present();
  const { status, stderr } = await box.exec(['bash', '-c', `${row}; ${many}`]);
  assert.equal(status, 0, stderr);
  // The manager forgets a unit when it has nothing else to do.
  await box
    .waitFor('all is as before', async () => (await present()) === before)
    .catch(async () => {
      assert.equal(await present(), before);
    });
});

test("run: the last line is systemd-run's", async () => {
  const result = await runUnit(box, ['--wait', '--deny', 'uname', 'true']);
  assert.deepEqual(said(result).slice(3), SUMMARY);
});
