import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../../src/plan/plan.js';
import type { Program } from '../../../src/target/target.js';
import { NO_EXEC } from '../../support/demo-service.js';
import { planned, targetOf } from '../../support/planned.js';

const POLICY = '[syscalls]\ndeny = ["uname"]\n';

/** The programs that are said to be missing of a unit whose only one is the usual `/usr/sbin/demod`. */
const missing = (lines: string, policy = POLICY, target = targetOf(257)) =>
  planned(policy, lines, target)
    .diagnostics.filter(({ code }) => code === 'no-program')
    .map(({ severity, message }) => `${severity}: ${message}`);

const GONE = ["warning: there is no program '/opt/gone'"];

const CASES: readonly [says: string, lines: string, found: readonly string[], policy?: string][] = [
  ['that is there', '', []],
  ['that is not', 'ExecStart=\nExecStart=/opt/gone -x', GONE],
  ['that may be missing', 'ExecStart=\nExecStart=-/opt/gone', []],
  ["that is a shell's line", 'ExecStart=\nExecStart=|/opt/gone', []],
  ['that a specifier names', 'ExecStart=\nExecStart=/opt/%N', []],
  ['below another root', 'RootDirectory=/srv\nExecStart=\nExecStart=/opt/gone', []],
  ['that may be mounted there', 'BindPaths=/srv:/opt\nExecStart=\nExecStart=/opt/gone', []],
  ['of a line that the policy is not about', 'ExecReload=/opt/gone', []],
  [
    'of a line that it is about',
    'ExecReload=/opt/gone',
    GONE,
    `${POLICY}[exec]\nwrap = ["ExecStart", "ExecReload"]\n`,
  ],
];

for (const [says, lines, found, policy] of CASES) {
  test(`a program ${says}${found.length > 0 ? ' is said to be missing' : ' is not missed'}`, () => {
    assert.deepEqual(missing(lines, policy), found);
  });
}

const codes = (plan: Plan) => plan.diagnostics.map(({ code, severity }) => `${severity} ${code}`);

const withProgram = (file: Program['file'], setuid = false) =>
  targetOf(257, { programs: new Map([['/usr/sbin/demod', { file, setuid }]]) });

test('a set-user-ID program would lose what it is for', () => {
  const target = withProgram({ kind: 'static', bits: 64 }, true);
  assert.deepEqual(codes(planned(NO_EXEC, '', target)), ['warning setuid-program']);
  assert.deepEqual(codes(planned(`${NO_EXEC}[service]\nNoNewPrivileges = false`, '', target)), []);
  assert.deepEqual(codes(planned('[syscalls]\ndeny = ["uname"]', '', target)), []);
  assert.deepEqual(codes(planned(NO_EXEC, 'NoNewPrivileges=no', target)), [
    'warning no-new-privileges',
    'warning setuid-program',
  ]);
});

test('a program in Go is told which calls its runtime makes', () => {
  const said = (calls: string, file: Program['file']) =>
    planned(`[syscalls]\n${calls}`, '', withProgram(file))
      .diagnostics.filter(({ code }) => code === 'go-calls')
      .map(({ message }) => message);
  const go = { kind: 'static', bits: 64, isGo: true } as const;
  assert.deepEqual(said('deny = ["sched_getaffinity", "prlimit64:EPERM"]', go), [
    "/usr/sbin/demod is written in Go, and can't start without prlimit64, sched_getaffinity",
  ]);
  assert.deepEqual(said('deny = ["tgkill:EPERM"]', go), [
    '/usr/sbin/demod is written in Go, and may not work without tgkill',
  ]);
  assert.deepEqual(said('deny = ["@resources", "uname"]', go), []);
  assert.deepEqual(said('deny = ["tgkill"]', { kind: 'static', bits: 64 }), []);
});

/** The calls that a warning says are missing. */
function missingCalls(lines: string, file: Program['file'], own = ''): string[] {
  const { diagnostics } = planned(`[syscalls]\n${lines}`, own, withProgram(file));
  const warning = diagnostics.find(({ code }) => code === 'start-calls');
  return warning === undefined ? [] : warning.message.split('without ')[1]!.split(', ');
}

const DYNAMIC = { kind: 'dynamic', bits: 64, interpreter: '/lib64/ld.so' } as const;

test('an allow list that starts nothing is warned of, by what kind of program it is', () => {
  const none = 'allow = []\nimplicit = false';
  assert.ok(missingCalls(none, DYNAMIC).includes('openat'));
  assert.ok(!missingCalls(none, { kind: 'static', bits: 64 }).includes('openat'));
  assert.ok(missingCalls(none, { kind: 'static', bits: 64 }).includes('brk'));
  assert.deepEqual(missingCalls(none, { kind: 'other' }), []);
  assert.deepEqual(missingCalls('allow = ["@system-service"]', DYNAMIC), []);
  assert.deepEqual(missingCalls('allow = ["@system-service"]\ndeny = ["openat"]', DYNAMIC), ['openat']);
  assert.deepEqual(missingCalls('deny = ["openat"]', DYNAMIC), []);
  assert.deepEqual(missingCalls('allow = []\naction = "log"', DYNAMIC), []);
});

test('a call that kills keeps a program from starting; one that fails may be done without', () => {
  const says = (action: string) =>
    planned(`[syscalls]\nallow = []\n${action}`, '', withProgram(DYNAMIC)).diagnostics[0]!.message;
  assert.match(says(''), /^\/usr\/sbin\/demod is dynamic, and can't start without access, /);
  assert.match(says('action = "EPERM"'), /is dynamic, and may fail at its start without access, /);
  assert.match(says('action = "EPERM"\ndeny = ["access:kill"]'), /can't start without access, /);
});

test('a call that a rule lets through for some arguments is there', () => {
  const rule = 'rules = [{ syscall = "openat", when = [{ arg = 2, eq = 0 }], action = "allow" }]';
  assert.deepEqual(missingCalls(`allow = ["@system-service"]\n${rule}`, DYNAMIC), []);
});

test('a start script that may not exec is warned of', () => {
  const target = withProgram({ kind: 'script', interpreter: '/bin/sh', words: [] });
  assert.deepEqual(codes(planned(NO_EXEC, '', target)), ['warning start-script']);
  assert.deepEqual(codes(planned('[syscalls]\ndeny = ["write", "execveat"]', '', target)), []);
});

test('a shell that may not exec is warned of, where it runs behind the launcher', () => {
  const programs = new Map([
    ['/bin/sh', { file: { kind: 'dynamic', bits: 64, interpreter: '/ld' }, setuid: false } as const],
  ]);
  const target = targetOf(257, { programs });
  const found = (policy: string, line = '/bin/sh -c "sleep 1"') =>
    planned(policy, `ExecStart=\nExecStart=${line}`, target)
      .diagnostics.filter(({ code }) => code === 'start-script')
      .map(({ severity, message }) => `${severity}: ${message}`);
  assert.deepEqual(found(NO_EXEC), ["warning: /bin/sh is a shell, and can't start another program"]);
  assert.equal(found(NO_EXEC, '-@/usr/bin/dash sh -c "exec sleep 1"').length, 1);
  assert.deepEqual(found(NO_EXEC, '/usr/bin/sleep sh'), []);
  assert.deepEqual(found(NO_EXEC, '+/bin/sh -c true'), []);
  assert.deepEqual(found('[syscalls]\ndeny = ["write", "execveat"]'), []);
});

test('what is mounted noexec does not start the launcher', () => {
  const found = (policy: string, ...paths: string[]) => {
    const mounts = paths.map((path) => ({ path, noexec: true, readOnly: false }));
    const target = targetOf(257, { mounts });
    return planned(policy, '', target).diagnostics.map(
      ({ code, at, hint }) => `${at?.line}: ${code}: ${hint}`,
    );
  };
  assert.deepEqual(found(NO_EXEC, '/run', '/etc'), []);
  assert.deepEqual(found(NO_EXEC, '/usr/local'), [
    'undefined: mounted-noexec: mount /usr/local without noexec',
  ]);
});
