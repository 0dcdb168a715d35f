/** Tests of plan/launcher/launcher-needs.ts and plan/launcher/launcher.ts: what a drop-in has for the launcher. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../../src/plan/plan.js';
import { FILTER, LAUNCHER, NO_EXEC } from '../../support/demo-service.js';
import { planned, targetOf } from '../../support/planned.js';

/** The directives that are there for the launcher, `Name=values`. */
const needs = (plan: Plan) =>
  plan.directives
    .filter(({ because, section }) => !because.startsWith('[') && section === undefined)
    .map(({ name, values }) => `${name}=${values.join(';')}`);

const BINDS = `BindReadOnlyPaths=${LAUNCHER} ${FILTER}`;

/** Lines of a unit, what the drop-in then has for the launcher besides NoNewPrivileges= and SyslogIdentifier=. */
const HIDING: readonly [lines: string, needs: readonly string[]][] = [
  ['', []],
  ['RootDirectory=/srv', [BINDS]],
  ['RootImage=/srv/image', [BINDS]],
  ['RootMStack=/srv/stack', [BINDS]],
  ['RootDirectory=/srv\nRootDirectory=', []],
  ['TemporaryFileSystem=/etc', [BINDS]],
  ['TemporaryFileSystem=/usr/local:ro,size=1M', [BINDS]],
  ['TemporaryFileSystem=/', [BINDS]],
  ['TemporaryFileSystem=/usr/local/', [BINDS]],
  ['TemporaryFileSystem=/var /usr/local/lib', []],
  ['TemporaryFileSystem=/etc\nTemporaryFileSystem=', []],
  ['BindPaths=/srv:/usr/local', [BINDS]],
  ['BindReadOnlyPaths=/srv:/etc', [BINDS]],
  ['BindReadOnlyPaths=-/srv:/%p', [BINDS]],
  ['BindPaths=/usr:/usr:norbind', [BINDS]],
  ['BindPaths=/srv:/mnt', []],
  ['BindPaths=/srv:/etc\nBindPaths=', []],
  [`BindPaths=/usr/ /etc\nBindReadOnlyPaths=/:/ ${LAUNCHER}`, []],
  ['TemporaryFileSystem=/\nBindReadOnlyPaths=/usr /etc', [BINDS]],
  ['ProtectHome=yes', []],
  ['ProtectSystem=strict\nReadOnlyPaths=/\nPrivateTmp=yes', []],
  ['NoExecPaths=/', [`ExecPaths=${LAUNCHER}`, `BindReadOnlyPaths=${LAUNCHER}`]],
  ['NoExecPaths=/srv', [`ExecPaths=${LAUNCHER}`, `BindReadOnlyPaths=${LAUNCHER}`]],
  ['NoExecPaths=/\nNoExecPaths=', []],
  ['NoExecPaths=/\nTemporaryFileSystem=/etc', [`ExecPaths=${LAUNCHER}`, BINDS]],
];

for (const [lines, wanted] of HIDING) {
  test(`'${lines.replaceAll('\n', ', ')}' ${wanted.length === 0 ? 'hides nothing' : `needs ${wanted.join(', ')}`}`, () => {
    const plan = planned(NO_EXEC, lines);
    assert.deepEqual(needs(plan), ['NoNewPrivileges=yes', 'SyslogIdentifier=demod', ...wanted]);
    const found = plan.diagnostics.filter(({ severity }) => severity !== 'note');
    assert.deepEqual(found, []);
  });
}

test("the policy's own directives count like the unit's", () => {
  const plan = planned(
    `${NO_EXEC}[service]\nTemporaryFileSystem = ["/etc"]\nNoExecPaths = ["/"]\nExecPaths = ["/usr"]\n`,
  );
  assert.deepEqual(needs(plan).slice(2), [`ExecPaths=${LAUNCHER}`, BINDS]);
});

test('without the launcher nothing is added for it', () => {
  assert.deepEqual(needs(planned('[syscalls]\ndeny = ["uname"]', 'RootDirectory=/srv\nNoExecPaths=/')), []);
});

test('NoNewPrivileges= stays as the unit or the policy has it', () => {
  assert.ok(!needs(planned(NO_EXEC, 'NoNewPrivileges=yes')).includes('NoNewPrivileges=yes'));
  assert.ok(!needs(planned(`${NO_EXEC}[service]\nNoNewPrivileges = true`)).includes('NoNewPrivileges=yes'));
});

test('SyslogIdentifier= stays what it was', () => {
  const identifier = (lines: string) => needs(planned(NO_EXEC, lines)).filter((line) => /^Syslog/.test(line));
  assert.deepEqual(identifier('SyslogIdentifier=own'), []);
  assert.deepEqual(identifier('SyslogIdentifier='), ['SyslogIdentifier=demod']);
  assert.deepEqual(identifier('ExecStart=\nExecStart=@/opt/x/y.z other'), ['SyslogIdentifier=y.z']);
  assert.deepEqual(identifier('ExecStart=\nExecStart=/opt/x/\\sy\\s z'), ['SyslogIdentifier=y']);
  assert.deepEqual(identifier('ExecStart=\nExecStart=/opt/x/\\xc3\\xa9'), ['SyslogIdentifier=é']);
  assert.deepEqual(identifier('ExecStart=\nExecStart=/opt/x/\\s'), []);
});

test("the launcher sets no_new_privs despite the unit's NoNewPrivileges=no, with a note", () => {
  const plan = planned(NO_EXEC, 'User=demo\nNoNewPrivileges=no');
  assert.deepEqual(codes(plan), ['warning no-new-privileges']);
  assert.deepEqual(plan.diagnostics[0]!.at?.file, 'demo.service');
  assert.equal(plan.diagnostics[0]!.at?.line, 4);
  assert.equal(plan.filter!.noNewPrivileges, true);
  for (const lines of ['NoNewPrivileges=yes', 'NoNewPrivileges=no\nNoNewPrivileges=on', 'NoNewPrivileges=']) {
    assert.deepEqual(codes(planned(NO_EXEC, lines)), []);
  }
  assert.deepEqual(codes(planned(`${NO_EXEC}[service]\nNoNewPrivileges = true`, 'NoNewPrivileges=no')), []);
  assert.deepEqual(codes(planned(`${NO_EXEC}[service]\nNoNewPrivileges = false`, 'NoNewPrivileges=no')), []);
});

test('one SyslogIdentifier= is for all lines: the name from the first ExecStart=', () => {
  const oneshot = 'Type=oneshot\nExecStart=/bin/second\nExecReload=/bin/kill';
  const [identifier] = needs(planned(NO_EXEC, oneshot)).filter((line) => /^Syslog/.test(line));
  assert.equal(identifier, 'SyslogIdentifier=demod');
});

test("the identifier is the main program's name, whatever line is wrapped first", () => {
  const plan = planned(
    `${NO_EXEC}[exec]\nwrap = ["ExecStartPre", "ExecStart"]\n`,
    'ExecStartPre=/bin/prepare',
  );
  assert.ok(needs(plan).includes('SyslogIdentifier=demod'));
});

const codes = (plan: Plan) => plan.diagnostics.map(({ code, severity }) => `${severity} ${code}`);

test('the unit starts after the mounts of the launcher and its filter', () => {
  const mounts = (plan: Plan) => plan.directives.filter(({ section }) => section === 'Unit');
  const [{ name, values } = assert.fail()] = mounts(planned(NO_EXEC));
  assert.deepEqual([name, values], ['RequiresMountsFor', [`${LAUNCHER} /etc/systemd/system/demo.service.d`]]);
  const launcher = '/home/a b%/launcher';
  const [escaped] = mounts(planned(NO_EXEC, '', targetOf(257, { launcher })));
  assert.equal(escaped?.values[0], '"/home/a b%%/launcher" /etc/systemd/system/demo.service.d');
  assert.deepEqual(mounts(planned('[service]\nProtectSystem = "strict"\n')), []);
});
