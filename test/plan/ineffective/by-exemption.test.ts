import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Target } from '../../../src/target/target.js';
import { EXEMPT_CASES, UNCLEAR_CASES } from '../../support/exempt-cases.js';
import { planned, targetOf } from '../../support/planned.js';

const found = (code: string, policy: string, lines = '', target = targetOf(262)) =>
  planned(`[service]\n${policy}\n`, lines, target).diagnostics.filter((one) => one.code === code);

const exemptions = (policy: string, lines?: string, target?: Target) =>
  found('gap-exempt', policy, lines, target);

for (const { directive, value, lines, holds } of EXEMPT_CASES) {
  const line = `${directive} = ${JSON.stringify(value)}`;
  test(`${line} ${holds ? 'holds' : "doesn't hold"} with ${lines.replaceAll('\n', ' ') || 'nothing else'}`, () => {
    const gaps = exemptions(line, lines);
    assert.equal(gaps.length, holds ? 0 : 1);
    assert.deepEqual(found('maybe-exempt', line, lines), []);
    for (const { at, severity, hint } of gaps) {
      assert.deepEqual([severity, at?.line], ['error', 2]);
      assert.match(hint!, /--allow-gaps/);
    }
  });
}

for (const { directive, value, lines, by } of UNCLEAR_CASES) {
  const policy = `${directive} = ${JSON.stringify(value)}`;
  test(`${policy} has a warning with ${lines.replaceAll('\n', ' ')}`, () => {
    assert.deepEqual(exemptions(policy, lines), []);
    const [warning, ...others] = found('maybe-exempt', policy, lines);
    assert.deepEqual([warning?.severity, warning?.at?.line, others], ['warning', 2, []]);
    assert.match(
      warning!.message,
      new RegExp(`is not in force if the specifier in ${by}= stands for root: `),
    );
    assert.equal(planned(`[service]\n${policy}\n`, lines).lines[0]!.enforcedBy, 'systemd');
  });
}

test('a specifier that decides nothing has no warning', () => {
  for (const lines of ['User=%i\nUser=nobody', 'Group=%i\nGroup=\nUser=nobody', 'User=%i\nPrivatePIDs=yes']) {
    assert.deepEqual(found('maybe-exempt', 'ProtectProc = "invisible"', lines), [], lines);
  }
  assert.deepEqual(found('maybe-exempt', 'ProtectProc = "ptraceable"', 'User=nobody\nGroup=%i'), []);
  assert.deepEqual(found('maybe-exempt', 'LimitNPROC = 3', 'User=nobody\nGroup=%i'), []);
  assert.deepEqual(
    found('maybe-exempt', 'LimitNPROC = 3\nUser = "nobody"\nloosen = ["User"]', 'User=%i'),
    [],
  );
  assert.deepEqual(found('maybe-exempt', 'LimitNPROC = 3', 'User=%i', targetOf(262, { scope: 'user' })), []);
});

test("what the policy itself sets counts, with the unit's own", () => {
  assert.equal(exemptions('ProtectProc = "invisible"\nUser = "nobody"').length, 0);
  assert.equal(exemptions('ProtectProc = "invisible"\nDynamicUser = true').length, 0);
  assert.equal(
    exemptions('ProtectProc = "ptraceable"\nCapabilityBoundingSet = ["~CAP_SYS_PTRACE"]').length,
    0,
  );
  assert.equal(exemptions('ProtectProc = "ptraceable"\nCapabilityBoundingSet = ["CAP_CHOWN"]').length, 0);
  assert.equal(exemptions('LimitNPROC = 3\nUser = "nobody"', 'AmbientCapabilities=CAP_SYS_ADMIN').length, 1);
  const capable = 'AmbientCapabilities=CAP_SYS_RESOURCE\nUser=nobody\n';
  assert.equal(exemptions('LimitNPROC = 3', capable).length, 1);
  assert.equal(exemptions('LimitNPROC = 3\nAmbientCapabilities = []', capable).length, 0);
});

test('what closes nothing has no gap, nor has what is hidden anyway', () => {
  for (const line of ['ProtectProc = "default"', 'LimitNPROC = "infinity"'])
    assert.deepEqual(exemptions(line), []);
  assert.deepEqual(exemptions('ProtectProc = "invisible"\nPrivatePIDs = true'), []);
  assert.deepEqual(exemptions('ProtectProc = "invisible"', 'PrivateUsers=managed\n'), []);
  assert.deepEqual(exemptions('LimitNPROC = 3', 'UserNamespacePath=/run/userns/web\n'), []);
  assert.deepEqual(exemptions('LimitNPROC = 3', '', targetOf(262, { scope: 'user' })), []);
});

test('the plan has the line as nobody’s, and the drop-in keeps it', () => {
  const { lines, directives } = planned('[service]\nProtectProc = "invisible"\n');
  assert.deepEqual([lines[0]!.enforcedBy, directives[0]!.values], ['nobody', ['invisible']]);
  assert.match(lines[0]!.reason!, /root with CAP_SYS_PTRACE/);
});

test('limits that Linux ignores are gaps for everybody, and left out', () => {
  for (const name of ['LimitRSS', 'LimitLOCKS']) {
    const { diagnostics, directives } = planned(`[service]\n${name} = 100\n`, 'User=nobody\n');
    assert.deepEqual([diagnostics.map(({ code }) => code), directives], [['gap-directive'], []]);
    assert.deepEqual(planned(`[service]\n${name} = "infinity"\n`).diagnostics, []);
  }
});
