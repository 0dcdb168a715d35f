/** Tests of verify/manager/read-back.ts: what systemd has loaded beside the plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnitState } from '../../../src/machine/unit-state.js';
import type { Plan } from '../../../src/plan/plan.js';
import { emitted } from '../../../src/systemd/directives/against-unit.js';
import { formatDirective, isFormatted } from '../../../src/systemd/directives/format.js';
import { directives, findDirective } from '../../../src/systemd/directives/table.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';
import { differences, isLoaded, isSettingLoaded, readBack } from '../../../src/verify/manager/read-back.js';
import { READINGS } from '../../booted/directive-readings.js';
import { DROP_IN } from '../../support/demo-service.js';
import { loadedProperties } from '../../support/fake-manager.js';
import { dropInText, planned, plannedDropIn } from '../../support/planned.js';

const FRAGMENT = '/usr/lib/systemd/system/demo.service';

const encode = (text: string) => ({ bytes: new TextEncoder().encode(text) });

/** What the manager has of a unit with the plan's drop-in, and another that comes after it. */
function properties(plan: Plan, lines: string, { after = '', without = false } = {}): Map<string, unknown> {
  const files = new Map([
    [FRAGMENT, encode(`[Service]\nExecStart=/usr/sbin/demod\n${lines}`)],
    [DROP_IN.replace('zz-', 'zzz-'), encode(`[Service]\n${after}`)],
    [DROP_IN, encode(dropInText(plan))],
  ]);
  if (without) files.delete(DROP_IN);
  const { systemd, sets } = plan.target;
  return loadedProperties(files, 'demo.service', { systemd, sets })!;
}

const NO_EXEC = planned('[syscalls]\ndeny = ["execve", "execveat", "uname"]');
const ALONE = planned('[syscalls]\ndeny = ["uname", "@mount"]');
const LOGGED = planned('[syscalls]\ndeny = ["uname"]\nlog = ["getpid", "@swap", "mount"]');
const ERRNOS = planned('[syscalls]\ndeny = ["uname:EILSEQ", "getpid", "@mount:kill"]\naction = "EPERM"');
const ALLOW = planned('[syscalls]\nallow = ["@system-service"]');

const held = (plan: Plan, loaded: Map<string, unknown>) =>
  readBack(plannedDropIn(plan, DROP_IN), parseUnitState(loaded));

const messages = (plan: Plan, loaded: Map<string, unknown>) =>
  held(plan, loaded).map(({ code, severity, message }) => `${severity} ${code}: ${message}`);

test('a plan that is loaded has no difference', () => {
  for (const plan of [NO_EXEC, ALONE, ALLOW, ERRNOS, LOGGED])
    assert.deepEqual(messages(plan, properties(plan, '')), []);
  const service = planned('[service]\nPrivateTmp = true');
  assert.deepEqual(messages(service, properties(service, '')), []);
});

test('the command of [ready] counts as one of the lines, the first or the last', () => {
  const lines = 'ExecStartPost=/bin/second\n';
  for (const when of ['before', 'after']) {
    const plan = planned(`[ready]\ndeny = ["execve"]\nstart-post = "${when}"\n`, lines);
    assert.deepEqual(messages(plan, properties(plan, lines)), []);
    const after = 'ExecStartPost=\nExecStartPost=/bin/first\nExecStartPost=/bin/second\n';
    assert.deepEqual(messages(plan, properties(plan, lines, { after })), [
      'error drift-loaded: ExecStartPost= has 0 of 2 commands with a filter of sandbox-unit; expected 1 of 2',
    ]);
  }
});

test("a specifier in the program's name has an unknown value", () => {
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

test('a unit with its own filter reads back as composed', () => {
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
    ['error drift-loaded: ExecStart= has 0 of 1 commands behind the launcher; expected 1 of 1'],
  ],
  [
    'another drop-in that adds a command',
    NO_EXEC,
    properties(NO_EXEC, '', { after: 'ExecStart=/usr/sbin/demod' }),
    ['error drift-loaded: ExecStart= has 1 of 2 commands behind the launcher; expected 1 of 1'],
  ],
  [
    'another drop-in with a filter of its own',
    NO_EXEC,
    properties(NO_EXEC, '', {
      after: `ExecStart=\nExecStart=${NO_EXEC.target.launcher} --filter=/run/weak -- /usr/sbin/demod`,
    }),
    ['error drift-loaded: ExecStart= has 0 of 1 commands behind the launcher; expected 1 of 1'],
  ],
  [
    'another drop-in that makes an allow list of it',
    ALONE,
    properties(ALONE, '', { after: 'SystemCallFilter=\nSystemCallFilter=@system-service' }),
    ['error drift-loaded: SystemCallFilter= as loaded by systemd differs from the drop-in'],
  ],
  [
    'another drop-in that makes a deny list of it',
    ALLOW,
    properties(ALLOW, '', { after: 'SystemCallFilter=\nSystemCallFilter=~uname' }),
    ['error drift-loaded: SystemCallFilter= as loaded by systemd differs from the drop-in'],
  ],
  [
    'another usual errno',
    ERRNOS,
    properties(ERRNOS, '', { after: 'SystemCallErrorNumber=EACCES' }),
    ['error drift-loaded: SystemCallErrorNumber= as loaded by systemd differs from the drop-in'],
  ],
];

test('the hint names the drop-ins that are read later', () => {
  const plan = planned('[service]\nNoNewPrivileges = true');
  const loaded = properties(plan, '').set('NoNewPrivileges', false);
  const [{ message, hint } = assert.fail()] = held(plan, loaded);
  assert.equal(message, 'NoNewPrivileges= as loaded by systemd differs from the drop-in');
  assert.equal(
    hint,
    'drop-ins that are read later: /etc/systemd/system/demo.service.d/zzz-sandbox-unit.conf',
  );
});

for (const [says, plan, loaded, wanted] of WRONG) {
  test(`verify reports ${says}`, () => {
    assert.deepEqual(messages(plan, loaded), wanted);
  });
}

test('an outdated drop-in in systemd is known by the hash of its files; a missing line proves nothing', () => {
  const text = (hash: string) =>
    parseUnitFile(
      DROP_IN,
      new TextEncoder().encode(`[Service]\nLogExtraFields=SANDBOX_UNIT_FILES=${hash}\n`),
    );
  const loaded = (...fields: string[]) =>
    parseUnitState(new Map([['LogExtraFields', fields.map((one) => Buffer.from(one))]]));
  const found = (...fields: string[]) =>
    differences(text('ab'), loaded(...fields), 'system').map(({ message }) => message);
  assert.deepEqual(found('SANDBOX_UNIT_FILES=ab', 'A=b'), []);
  assert.deepEqual(found('A=b'), []);
  assert.deepEqual(found('SANDBOX_UNIT_FILES=cd'), [
    'LogExtraFields= as loaded by systemd belongs to other files',
  ]);
});

test("the hint names the manager's own log, a user's or the system's", () => {
  const plan = planned('[service]\nNoNewPrivileges = true');
  const loaded = parseUnitState(properties(plan, '').set('NoNewPrivileges', false));
  const hints = (['system', 'user'] as const).map((scope) => {
    const dropIn = parseUnitFile(DROP_IN, new TextEncoder().encode('[Service]\nNoNewPrivileges=yes\n'));
    return differences(dropIn, loaded, scope).map(({ hint }) => hint);
  });
  assert.deepEqual(hints, [
    ["systemd's log may say why: journalctl --boot _PID=1"],
    ["systemd's log may say why: journalctl --user --boot --user-unit=init.scope"],
  ]);
});

const AT = { file: 'policy.toml', line: 1, column: 1 };

function written(name: string, value: unknown): readonly string[] {
  const row = findDirective(name)!;
  const formatted = formatDirective(row, value, AT);
  assert.ok(isFormatted(formatted), name);
  return emitted(row, [], formatted.values);
}

test("each example is in the bus's value", () => {
  const get = (property: string) => READINGS.get(property);
  for (const row of directives()) {
    assert.ok(READINGS.has(row.bus.property), `${row.name}: no reading`);
    assert.ok(isLoaded(row, written(row.name, row.example), get), row.name);
  }
});

/** A directive, the drop-in's assignments, what the manager has, and whether that is it. */
const CASES: readonly [string, readonly string[], Readonly<Record<string, unknown>>, boolean][] = [
  // What another directive implies.
  ['ProtectSystem', ['no'], { ProtectSystem: 'strict', DynamicUser: true }, true],
  ['ProtectSystem', ['no'], { ProtectSystem: 'strict', DynamicUser: false }, false],
  ['ProtectSystem', ['full'], { ProtectSystem: 'no', DynamicUser: true }, false],
  ['DevicePolicy', ['auto'], { DevicePolicy: 'closed', PrivateDevices: true }, true],
  [
    'CapabilityBoundingSet',
    ['', 'CAP_SYSLOG CAP_KILL'],
    { CapabilityBoundingSet: 32n, ProtectKernelLogs: true },
    true,
  ],
];

for (const [name, values, properties, wanted] of CASES) {
  test(`${name}=${values.join('|')} ${wanted ? 'is' : "isn't"} in ${show(properties)}`, () => {
    assert.equal(
      isLoaded(findDirective(name)!, values, (property) => properties[property]),
      wanted,
    );
  });
}

function show(properties: unknown): string {
  return JSON.stringify(properties, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

test('a list of calls has its kind read back', () => {
  const cases: readonly [values: readonly string[], loaded: unknown, held: boolean][] = [
    [[''], [false, []], true],
    [[''], [true, []], false],
    [['', '~acct'], [false, ['acct']], true],
    [['', '~acct'], [false, []], false],
    [['', '~acct'], [true, ['acct']], false],
    [['', 'acct', '~brk'], [true, ['acct']], true],
    [['', 'acct'], undefined, true],
  ];
  for (const [values, loaded, held] of cases)
    assert.equal(
      isSettingLoaded('SystemCallFilter', values, () => loaded),
      held,
      `${values}`,
    );
});
