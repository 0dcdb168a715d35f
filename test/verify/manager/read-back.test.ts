/** Tests of verify/manager/read-back.ts and verify/manager/loaded-commands.ts: what systemd has loaded beside the plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropInText } from '../../../src/emit/files.js';
import type { Plan } from '../../../src/plan/plan.js';
import { parseUnitState } from '../../../src/system/unit-state.js';
import { parseUnitFile } from '../../../src/unit/unit-file.js';
import { isSameCommand } from '../../../src/verify/manager/loaded-commands.js';
import { differences, readBack } from '../../../src/verify/manager/read-back.js';
import { DROP_IN } from '../../support/demo-service.js';
import { loadedProperties } from '../../support/fake-manager.js';
import { planned, plannedDropIn, targetOf } from '../../support/planned.js';

const FRAGMENT = '/usr/lib/systemd/system/demo.service';

const encode = (text: string) => ({ bytes: new TextEncoder().encode(text) });

/** What the manager has of a unit with the plan's drop-in, and another that comes after it. */
function properties(plan: Plan, lines: string, { after = '', without = false } = {}): Map<string, unknown> {
  const files = new Map([
    [FRAGMENT, encode(`[Service]\nExecStart=/usr/sbin/demod\n${lines}`)],
    [DROP_IN.replace('zz-', 'zzz-'), encode(`[Service]\n${after}`)],
    [DROP_IN, encode(dropInText(plan, { version: '0', policyHash: '0', unitHash: '0' }))],
  ]);
  if (without) files.delete(DROP_IN);
  const { systemd, sets } = plan.target;
  return loadedProperties(files, 'demo.service', { systemd, sets })!;
}

const NO_EXEC = planned('[syscalls]\ndeny = ["execve", "execveat", "uname"]');
const ALONE = planned('[syscalls]\ndeny = ["uname", "@mount"]');
const NEWER = planned('[syscalls]\ndeny = ["mseal", "@mount"]');
const LOGGED = planned('[syscalls]\ndeny = ["uname"]\nlog = ["getpid", "@swap", "mount"]');
const ERRNOS = planned('[syscalls]\ndeny = ["uname:EILSEQ", "getpid", "@mount:kill"]\naction = "EPERM"');
const ALLOW = planned('[syscalls]\nallow = ["@system-service"]');

/** What the manager has after an entry of its filter is changed. */
function withEntries(plan: Plan, change: (entries: readonly string[]) => string[]): Map<string, unknown> {
  const loaded = new Map([...properties(plan, ''), ['DropInPaths', [DROP_IN]] as const]);
  const [allows, entries] = loaded.get('SystemCallFilter') as [boolean, string[]];
  return loaded.set('SystemCallFilter', [allows, change(entries)]);
}

const held = (plan: Plan, loaded: Map<string, unknown>, before?: Map<string, unknown>) =>
  readBack(plannedDropIn(plan, DROP_IN), parseUnitState(loaded), before && parseUnitState(before));

const messages = (plan: Plan, loaded: Map<string, unknown>) =>
  held(plan, loaded).map(({ code, severity, message }) => `${severity} ${code}: ${message}`);

test('what is loaded as it was planned is right', () => {
  for (const plan of [NO_EXEC, ALONE, ALLOW, ERRNOS, LOGGED])
    assert.deepEqual(messages(plan, properties(plan, '')), []);
  const service = planned('[service]\nPrivateTmp = true');
  assert.deepEqual(messages(service, properties(service, '')), []);
});

test("the command that [ready] adds is none of the unit's own, be it the first or the last", () => {
  const lines = 'ExecStartPost=/bin/second\n';
  const planWith = (when: string) => planned(`[ready]\ndeny = ["execve"]\nstart-post = "${when}"\n`, lines);
  const plans = ['before', 'after'].map(planWith);
  const own = properties(plans[0]!, lines, { without: true });
  const others = properties(plans[0]!, 'ExecStartPost=/bin/first\n', { without: true });
  const codes = (plan: Plan, was: Map<string, unknown>) =>
    held(plan, properties(plan, lines), was).map(({ code }) => code);
  for (const plan of plans) {
    assert.deepEqual(codes(plan, own), []);
    for (const earlier of plans) assert.deepEqual(codes(plan, properties(earlier, lines)), []);
    assert.deepEqual(codes(plan, others), ['not-in-force']);
  }
});

test('what the manager makes of a specifier in the name of the program is not known', () => {
  const lines = (name: string) => `ExecStart=\nExecStart=/usr/sbin/${name}\n`;
  for (const [name, loaded] of [
    ['%p', 'demo'],
    ['100%%', '100%'],
  ] as const) {
    const plan = planned('[syscalls]\ndeny = ["execve", "execveat"]', lines(name));
    const known = properties(plan, lines(name)).set('SyslogIdentifier', loaded);
    assert.deepEqual(messages(plan, known), []);
  }
});

/** Lines whose words systemd and the launcher read each in their way. */
const LINES = [
  '/usr/sbin/demod --foreground "two words" $OPTIONS',
  '@/usr/sbin/demod other-name -x',
  ':/usr/sbin/demod $$ $HOME',
  '-/opt/a$$b -- --argv0=x',
  'demod',
];

for (const line of LINES) {
  test(`what the launcher starts is what systemd started: ${line}`, () => {
    const lines = `ExecStart=\nExecStart=${line}\n`;
    const plan = planned('[syscalls]\ndeny = ["execve", "execveat"]', lines);
    const before = properties(plan, lines, { without: true });
    const found = (loaded: Map<string, unknown>) => held(plan, loaded, before).length;
    assert.equal(plan.commands[0]!.wrapped, 1);
    assert.equal(found(properties(plan, lines)), 0);
    const slip = (change: (argv: readonly string[]) => readonly string[]) => {
      const loaded = properties(plan, lines);
      const [[path, argv, flags]] = loaded.get('ExecStartEx') as [[string, string[], string[]]];
      return loaded.set('ExecStartEx', [[path, change(argv), flags]]);
    };
    const end = (argv: readonly string[]) => argv.indexOf('--') + 1;
    assert.equal(found(slip((argv) => [...argv, 'more'])), 1);
    assert.equal(found(slip((argv) => argv.toSpliced(end(argv), 1, '/usr/bin/other'))), 1);
    assert.equal(found(slip((argv) => argv.filter((word) => word !== '--'))), 1);
  });
}

test('a path is the same as systemd simplifies it, and as an old one finds it', () => {
  const behind = (program: string) => ({
    path: '/l',
    argv: ['/l', '--filter=f', '--', program, 'x'],
    flags: [],
  });
  const is = (path: string, program: string) =>
    isSameCommand('/l', { path, argv: ['n', 'x'], flags: [] }, behind(program));
  assert.ok(is('/usr/sbin/demod', '/usr//sbin/./demod'));
  assert.ok(is('/usr/sbin/demod', 'demod'));
  assert.ok(!is('/usr/sbin/demod', 'mod'));
  assert.ok(!is('/usr/sbin/demod', '/sbin/demod'));
});

test('where an earlier drop-in of ours was loaded, the unit may have changed since', () => {
  const lines = 'ExecStart=\nExecStart=/usr/sbin/demod --new\n';
  const plan = planned('[syscalls]\ndeny = ["execve", "execveat"]', lines);
  const before = properties(NO_EXEC, '');
  assert.deepEqual(held(plan, properties(plan, lines), before), []);
});

test("a package's launcher may take the place of the installed one, and the other way round", () => {
  const policy = '[syscalls]\ndeny = ["execve", "execveat", "uname"]';
  const packaged = planned(policy, '', targetOf(257, { launcher: '/usr/libexec/sandbox-unit/launcher' }));
  for (const [now, earlier] of [
    [packaged, NO_EXEC],
    [NO_EXEC, packaged],
  ] as const)
    assert.deepEqual(held(now, properties(now, ''), properties(earlier, '')), []);
});

test('a unit that is filtered itself is read back as composed', () => {
  const lines = 'SystemCallFilter=@system-service\nSystemCallFilter=~@resources\n';
  const plan = planned('[syscalls]\ndeny = ["execve", "execveat"]', lines);
  assert.deepEqual(messages(plan, properties(plan, lines)), []);
});

const WRONG: readonly [
  says: string,
  plan: Plan,
  loaded: Map<string, unknown>,
  messages: readonly string[],
][] = [
  [
    'a unit that can not be loaded',
    ALONE,
    new Map<string, unknown>([...properties(ALONE, ''), ['LoadState', 'bad-setting']]),
    ["error not-loaded: systemd can't load demo.service now: bad-setting"],
  ],
  [
    'a drop-in that is not read',
    ALONE,
    properties(ALONE, '', { without: true }),
    [`error not-loaded: systemd doesn't read ${DROP_IN}`],
  ],
  [
    'another drop-in that takes the launcher away',
    NO_EXEC,
    properties(NO_EXEC, '', { after: 'ExecStart=\nExecStart=/usr/sbin/demod' }),
    ['error not-in-force: ExecStart= has 0 of 1 commands behind the launcher, not 1 of 1'],
  ],
  [
    'another drop-in that adds a command',
    NO_EXEC,
    properties(NO_EXEC, '', { after: 'ExecStart=/usr/sbin/demod' }),
    ['error not-in-force: ExecStart= has 1 of 2 commands behind the launcher, not 1 of 1'],
  ],
  [
    'another drop-in with a filter of its own',
    NO_EXEC,
    properties(NO_EXEC, '', {
      after: `ExecStart=\nExecStart=${NO_EXEC.target.launcher} --filter=/run/weak -- /usr/sbin/demod`,
    }),
    ['error not-in-force: ExecStart= has 0 of 1 commands behind the launcher, not 1 of 1'],
  ],
  [
    'another drop-in that opens a deny list',
    ALONE,
    properties(ALONE, '', { after: 'SystemCallFilter=uname' }),
    ["error not-in-force: systemd doesn't refuse: uname"],
  ],
  [
    'another drop-in that makes an allow list of it',
    ALONE,
    properties(ALONE, '', { after: 'SystemCallFilter=\nSystemCallFilter=@system-service' }),
    ['error not-in-force: SystemCallFilter= is an allow list in systemd'],
  ],
  [
    'another drop-in that makes a deny list of it',
    ALLOW,
    properties(ALLOW, '', { after: 'SystemCallFilter=\nSystemCallFilter=~uname' }),
    ['error not-in-force: SystemCallFilter= is a deny list in systemd'],
  ],
  [
    'another drop-in that allows more',
    ALLOW,
    properties(ALLOW, '', { after: 'SystemCallFilter=mount swapon' }),
    ['error not-in-force: SystemCallFilter= also allows: mount, swapon'],
  ],
  [
    'another drop-in that refuses more',
    ALONE,
    properties(ALONE, '', { after: 'SystemCallFilter=~read' }),
    ['error not-in-force: SystemCallFilter= also refuses: read'],
  ],
  [
    'a call that systemd does not know',
    NEWER,
    withEntries(NEWER, (entries) => entries.filter((entry) => entry !== 'mseal')),
    ["error not-in-force: systemd doesn't refuse, since its libseccomp doesn't know them: mseal"],
  ],
  [
    'a call that systemd knows and has not loaded',
    ALONE,
    withEntries(ALONE, (entries) => entries.filter((entry) => entry !== 'uname')),
    ["error not-in-force: systemd doesn't refuse: uname"],
  ],
  [
    'a call that systemd knows and has not loaded, though the launcher refuses it, too',
    NO_EXEC,
    withEntries(NO_EXEC, (entries) => entries.filter((entry) => entry !== 'uname')),
    ["error not-in-force: systemd doesn't refuse: uname"],
  ],
  [
    'a call that an allow list lacks',
    ALLOW,
    withEntries(ALLOW, (entries) => entries.filter((entry) => entry !== 'getpid')),
    ["error not-in-force: SystemCallFilter= doesn't allow: getpid"],
  ],
  [
    'another errno',
    ALONE,
    properties(ALONE, '', { after: 'SystemCallFilter=~uname:EPERM mount:kill\nSystemCallErrorNumber=' }),
    ['error not-in-force: SystemCallFilter= has another errno for: uname'],
  ],
  [
    'a usual errno instead of one for a call',
    ERRNOS,
    properties(ERRNOS, '', { after: 'SystemCallFilter=~uname' }),
    ['error not-in-force: SystemCallFilter= has another errno for: uname'],
  ],
  [
    'another usual errno',
    ERRNOS,
    properties(ERRNOS, '', { after: 'SystemCallErrorNumber=EACCES' }),
    ['error not-in-force: SystemCallErrorNumber= is not in systemd as it is in the drop-in'],
  ],
  [
    'another drop-in that records less',
    LOGGED,
    properties(LOGGED, '', { after: 'SystemCallLog=~getpid @swap' }),
    ['error not-in-force: SystemCallLog= lacks: getpid, @swap'],
  ],
  [
    'another drop-in that records nothing',
    LOGGED,
    properties(LOGGED, '', { after: 'SystemCallLog=' }),
    ['error not-in-force: SystemCallLog= lacks: getpid, @swap, mount'],
  ],
  [
    'a call allowed in an allow list that refuses it with an errno of its own',
    planned('[syscalls]\nallow = ["@system-service"]\ndeny = ["getpid:EACCES"]'),
    properties(planned('[syscalls]\nallow = ["@system-service"]\ndeny = ["getpid:EACCES"]'), '', {
      after: 'SystemCallFilter=getpid',
    }),
    ['error not-in-force: SystemCallFilter= also allows: getpid'],
  ],
];

test('the hint names the drop-ins that are read after ours', () => {
  const plan = planned('[service]\nNoNewPrivileges = true');
  const loaded = properties(plan, '').set('NoNewPrivileges', false);
  const [{ message, hint } = assert.fail()] = held(plan, loaded);
  assert.equal(message, 'NoNewPrivileges= is not in systemd as it is in the drop-in');
  assert.equal(hint, 'read after ours: /etc/systemd/system/demo.service.d/zzz-sandbox-unit.conf');
});

for (const [says, plan, loaded, wanted] of WRONG) {
  test(`it is said that there is ${says}`, () => {
    assert.deepEqual(messages(plan, loaded), wanted);
  });
}

test('what an older libseccomp does not know in an allow list stays refused', () => {
  const plan = planned('[syscalls]\nallow = ["@system-service", "mseal"]');
  const isNewer = (call: string) => call === 'mseal';
  assert.deepEqual(
    messages(
      plan,
      withEntries(plan, (entries) => entries.filter((call) => !isNewer(call))),
    ),
    [],
  );
  assert.ok((properties(plan, '').get('SystemCallFilter') as [boolean, string[]])[1].some(isNewer));
});

test('where the launcher refuses it does not matter that an older libseccomp does not know a call', () => {
  const plan = planned('[syscalls]\ndeny = ["execve", "execveat", "mseal"]');
  assert.deepEqual(
    messages(
      plan,
      withEntries(plan, (entries) => entries.filter((call) => call !== 'mseal')),
    ),
    [],
  );
});

test("the hint names the manager's own log, a user's or the system's", () => {
  const plan = planned('[service]\nNoNewPrivileges = true');
  const loaded = parseUnitState(properties(plan, '').set('NoNewPrivileges', false));
  const hints = (['system', 'user'] as const).map((scope) => {
    const dropIn = parseUnitFile(DROP_IN, new TextEncoder().encode('[Service]\nNoNewPrivileges=yes\n'));
    return differences(dropIn, loaded, { ...plan.target, scope }).map(({ hint }) => hint);
  });
  assert.deepEqual(hints, [
    ["systemd's log may say why: journalctl --boot _PID=1"],
    ["systemd's log may say why: journalctl --user --boot --user-unit=init.scope"],
  ]);
});
