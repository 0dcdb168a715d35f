import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SocketRules } from '../../../src/plan/ineffective/by-sockets.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { makePlan, targetOf, unitFile } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

function gaps(policy: string, rules: Partial<SocketRules>, lines = '') {
  const open: SocketRules = { denied: [], allowed: [], interfaces: [] };
  const plan = makePlan({
    unit: parseUnitName('demo.service') as UnitName,
    effective: effectiveUnit([unitFile(lines)]),
    ...{ policy: policyFrom(`[service]\n${policy}\n`), target: targetOf(257) },
    surroundings: {
      allowed: new Map(),
      sockets: new Map([['web.socket', { ...open, ...rules }]]),
    },
    ...{ places: undefined, usable: true },
  });
  return plan.diagnostics.filter(({ code }) => code === 'gap-undone');
}

const only = (...names: string[]) => ({ only: true, names: new Set(names) });
const allBut = (...names: string[]) => ({ only: false, names: new Set(names) });

const CASES: readonly (readonly [policy: string, rules: Partial<SocketRules>, holds: boolean])[] = [
  ['IPAddressDeny = ["any"]', {}, false],
  ['IPAddressDeny = ["any"]', { denied: ['0.0.0.0/0', '::/0'] }, true],
  ['IPAddressDeny = ["any"]', { denied: ['0.0.0.0/1', '128.0.0.0/1', '::/0'] }, true],
  ['IPAddressDeny = ["any"]', { denied: ['0.0.0.0/0'] }, false],
  ['IPAddressDeny = ["10.0.0.0/8"]', { denied: ['0.0.0.0/0'] }, true],
  ['IPAddressDeny = ["any"]', { denied: ['any'], allowed: ['any'] }, false],
  ['IPAddressDeny = ["any"]', { denied: ['any'], allowed: ['10.0.0.0/8'] }, true],
  ['IPAddressDeny = []', {}, true],
  ['RestrictNetworkInterfaces = ["lo"]', {}, false],
  ['RestrictNetworkInterfaces = ["lo"]', { interfaces: [only('lo')] }, true],
  ['RestrictNetworkInterfaces = ["lo", "eth0"]', { interfaces: [allBut('eth1'), only('lo')] }, true],
  ['RestrictNetworkInterfaces = ["lo"]', { interfaces: [allBut('eth0')] }, false],
  ['RestrictNetworkInterfaces = ["~eth0"]', { interfaces: [allBut('eth0', 'eth1')] }, true],
  ['RestrictNetworkInterfaces = ["~eth0"]', { interfaces: [only('eth0')] }, false],
  ['RestrictNetworkInterfaces = ["~eth0"]', { interfaces: [only('lo')] }, true],
  ['RestrictNetworkInterfaces = []', {}, true],
  ['SocketBindDeny = ["any"]\nPrivateNetwork = true', {}, true],
];

for (const [policy, rules, holds] of CASES) {
  test(`${policy} ${holds ? 'is in force for' : 'is overridden by'} a socket unit with ${JSON.stringify(rules)}`, () => {
    const all = gaps(policy, rules);
    assert.equal(all.length, holds ? 0 : 1);
    if (holds) return;
    assert.deepEqual([all[0]!.severity, all[0]!.at?.line], ['error', 2]);
    assert.match(all[0]!.message, / does not apply to sockets that come from web\.socket:/);
  });
}

test("a policy's deny list includes the unit's own", () => {
  const lines = 'RestrictNetworkInterfaces=~eth1\n';
  assert.equal(
    gaps('RestrictNetworkInterfaces = ["~eth0"]', { interfaces: [allBut('eth0')] }, lines).length,
    1,
  );
  assert.deepEqual(
    gaps('RestrictNetworkInterfaces = ["~eth0"]', { interfaces: [allBut('eth0', 'eth1')] }, lines),
    [],
  );
});
