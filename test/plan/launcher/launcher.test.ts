import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCapability } from '../../../src/plan/launcher/launcher.js';
import { targetOf, valuesOf } from '../../support/planned.js';

test('a service starts with a capability of root, or an ambient one, within its bounding set', () => {
  const cases: readonly [lines: string, has: boolean][] = [
    ['', true],
    ['CapabilityBoundingSet=CAP_KILL', false],
    ['CapabilityBoundingSet=~CAP_SYS_ADMIN', false],
    ['CapabilityBoundingSet=cap_sys_admin', true],
    ['CapabilityBoundingSet=', false],
    ['User=web', false],
    ['User=0', true],
    ['DynamicUser=yes', false],
    ['User=web\nAmbientCapabilities=CAP_SYS_ADMIN', true],
    ['User=web\nAmbientCapabilities=CAP_SYS_ADMIN\nAmbientCapabilities=', false],
    ['User=web\nAmbientCapabilities=CAP_SYS_ADMIN\nCapabilityBoundingSet=CAP_KILL', false],
  ];
  for (const [lines, has] of cases) {
    assert.equal(hasCapability(valuesOf(lines), targetOf(257), 'CAP_SYS_ADMIN'), has, lines);
    assert.equal(
      hasCapability(valuesOf(lines), targetOf(257, { scope: 'user' }), 'CAP_SYS_ADMIN'),
      false,
      lines,
    );
  }
});
