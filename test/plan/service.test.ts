import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkService } from '../../src/plan/service.js';
import { planned, targetOf } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

const shown = (service: string, lines = '', systemd = 257) => {
  const plan = planned(`[service]\n${service}`, lines, targetOf(systemd));
  return {
    directives: plan.directives.map(({ name, values, because }) => [name, ...values, because]),
    lines: plan.lines.map(({ subject, enforcedBy, how }) => [subject, enforcedBy, how]),
    codes: plan.diagnostics.map(({ code, severity, at }) => `${severity} ${code}:${at?.line}`),
  };
};

test("a directive is written in systemd's form, and comes from its line", () => {
  assert.deepEqual(shown('ProtectSystem = "strict"\nPrivateTmp = true\nTasksMax = 5'), {
    directives: [
      ['ProtectSystem', 'strict', '[service] ProtectSystem'],
      ['PrivateTmp', 'yes', '[service] PrivateTmp'],
      ['TasksMax', '5', '[service] TasksMax'],
    ],
    lines: [
      ['ProtectSystem', 'systemd', 'ProtectSystem=strict'],
      ['PrivateTmp', 'systemd', 'PrivateTmp=yes'],
      ['TasksMax', 'systemd', 'TasksMax=5'],
    ],
    codes: [],
  });
});

test("a list that would join the unit's begins with a reset", () => {
  const { directives } = shown(
    'CapabilityBoundingSet = ["CAP_CHOWN"]',
    'CapabilityBoundingSet=CAP_CHOWN CAP_KILL',
  );
  assert.deepEqual(directives, [
    ['CapabilityBoundingSet', '', 'CAP_CHOWN', '[service] CapabilityBoundingSet'],
  ]);
});

test("a directive that the target doesn't know is a gap, and not written", () => {
  assert.deepEqual(shown('PrivatePIDs = true\nProtectSystem = "strict"', '', 252), {
    directives: [['ProtectSystem', 'strict', '[service] ProtectSystem']],
    lines: [
      ['PrivatePIDs', 'nobody', ''],
      ['ProtectSystem', 'systemd', 'ProtectSystem=strict'],
    ],
    codes: ['error gap-directive:2'],
  });
});

test('limits that Linux ignores are gaps for every user, and left out', () => {
  for (const name of ['LimitRSS', 'LimitLOCKS']) {
    const { diagnostics, directives } = planned(`[service]\n${name} = 100\n`, 'User=nobody\n');
    assert.deepEqual([diagnostics.map(({ code }) => code), directives], [['gap-directive'], []]);
    assert.deepEqual(planned(`[service]\n${name} = "infinity"\n`).diagnostics, []);
  }
});

test('from systemd 255 on /sys is bound read-only beside ProtectKernelTunables=, if systemd would leave it as mounted', () => {
  const added = (service: string, lines = '', systemd = 257) =>
    planned(`[service]\n${service}`, lines, targetOf(systemd)).directives.filter(
      ({ because }) => because === 'ProtectKernelTunables= leaves it as the host has it mounted',
    );
  const tunables = 'ProtectKernelTunables = true\n';
  const found = added(tunables).map(({ name, values }) => [name, ...values]);
  assert.deepEqual(found, [['BindReadOnlyPaths', '/sys']]);
  assert.equal(added(tunables, '', 254).length, 0);
  for (const systemd of [255, 262]) assert.equal(added(tunables, '', systemd).length, 1, String(systemd));
  assert.equal(added('ProtectKernelTunables = false', '').length, 0);
  assert.equal(added('Nice = 1', 'ProtectKernelTunables=yes').length, 0);
  assert.equal(added(`${tunables}BindReadOnlyPaths = ["/sys"]`).length, 0);
  assert.equal(added(`${tunables}BindReadOnlyPaths = ["/etc"]`, 'BindReadOnlyPaths=/srv').length, 1);
  assert.equal(added(`${tunables}PrivateNetwork = true`).length, 0);
  for (const hidden of ['TemporaryFileSystem=/sys', 'InaccessiblePaths=/sys', 'RootDirectory=/srv'])
    assert.equal(added(tunables, hidden).length, 0, hidden);
});

test("beside DevicePolicy= the unit's own DeviceAllow= lines are written again, so that later ones don't add to them", () => {
  const devices = (service: string, lines = '') =>
    planned(`[service]\n${service}`, lines).directives.filter(({ name }) => name === 'DeviceAllow');
  const closed = 'DevicePolicy = "closed"\n';
  const own = 'DeviceAllow=/dev/rtc0\nDeviceAllow=char-tty r\n';
  const found = devices(closed, own).map(({ values }) => values);
  assert.deepEqual(found, [['', '/dev/rtc0 rwm', 'char-tty r']]);
  assert.deepEqual(
    devices(closed).map(({ values }) => values),
    [['']],
  );
  assert.deepEqual(devices('DevicePolicy = "auto"', own), []);
  assert.equal(devices(`${closed}DeviceAllow = ["/dev/rtc0 r"]`, own).length, 1);
});

test("PrivateUsers= of a user manager's service is its own as the drop-in leaves it", () => {
  const codes = (service: string, lines: string) =>
    planned(`[service]\nProtectSystem = true\n${service}`, lines, targetOf(253, { scope: 'user' }))
      .diagnostics.filter(({ code }) => code === 'gap-directive')
      .map(({ at }) => at?.line);
  assert.deepEqual(codes('', ''), [2]);
  assert.deepEqual(codes('', 'PrivateUsers=ON'), []);
  assert.deepEqual(codes('PrivateUsers = "1"', ''), []);
  const off = 'PrivateUsers = "off"\nloosen = ["PrivateUsers"]';
  assert.deepEqual(codes(off, 'PrivateUsers=yes'), [2]);
});

test('a directive that loosens a unit is an error unless the policy says `loosen`', () => {
  const unit = 'ProtectSystem=strict\nNoNewPrivileges=yes';
  assert.deepEqual(shown('ProtectSystem = "full"', unit).codes, ['error loosens:2']);
  assert.deepEqual(shown('ProtectSystem = "full"\nloosen = ["ProtectSystem"]', unit).codes, [
    'warning loosened:2',
  ]);
  assert.deepEqual(
    shown('ProtectSystem = "full"\nNoNewPrivileges = false\nloosen = ["ProtectSystem"]', unit).codes,
    ['warning loosened:2', 'error loosens:3'],
  );
  assert.deepEqual(shown('ProtectSystem = "strict"', unit).codes, []);
  assert.deepEqual(shown('ProtectSystem = "strict"\nloosen = ["ProtectSystem"]', unit).codes, []);
});

test('a directive that was reset no longer belongs to the unit', () => {
  assert.deepEqual(shown('TasksMax = 500', 'TasksMax=10\nTasksMax=1000').codes, []);
});

test('a directive in `loosen` must exist', () => {
  assert.deepEqual(shown('PrivateTmp = true\nloosen = ["ProtectSystem"]').codes, [
    'error unknown-directive:3',
  ]);
});

test('a policy by itself is checked for names, values and loosen', () => {
  const codes = (service: string) =>
    checkService(policyFrom(`[service]\n${service}`)).map(({ code }) => code);
  assert.deepEqual(codes('PrivateTmp = true\nloosen = ["PrivateTmp"]'), []);
  assert.deepEqual(codes('PrivateTemp = true\nExecStart = "x"\nProtectSystem = "x"\nloosen = ["X"]'), [
    'unknown-directive',
    'refused-directive',
    'directive-value',
    'unknown-directive',
  ]);
});

test('no value can add a line', () => {
  for (const value of ['"a\\nExecStart=/bin/sh"', '"a\\u0000b"', '["a\\rb"]', '"a\\\\"']) {
    const { directives, codes } = shown(`SyslogIdentifier = ${value}\nReadOnlyPaths = ${value}`);
    for (const [, ...values] of directives)
      for (const text of values) assert.doesNotMatch(text!, /[\n\r\0]|\\$/);
    assert.ok(codes.length > 0);
  }
});
