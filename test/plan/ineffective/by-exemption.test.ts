import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXEMPT_CASES } from '../../support/exempt-cases.js';
import { planned, targetOf } from '../../support/planned.js';

const exemptions = (policy: string, lines = '', target = targetOf(262)) =>
  planned(`[service]\n${policy}\n`, lines, target).diagnostics.filter(({ code }) => code === 'gap-exempt');

for (const { directive, value, lines, holds } of EXEMPT_CASES) {
  const line = `${directive} = ${JSON.stringify(value)}`;
  test(`${line} ${holds ? 'holds' : "doesn't hold"} with ${lines.replaceAll('\n', ' ') || 'nothing else'}`, () => {
    const gaps = exemptions(line, lines);
    assert.equal(gaps.length, holds ? 0 : 1);
    for (const { at, severity, hint } of gaps) {
      assert.deepEqual([severity, at?.line], ['error', 2]);
      assert.match(hint!, /--allow-gaps/);
    }
  });
}

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
