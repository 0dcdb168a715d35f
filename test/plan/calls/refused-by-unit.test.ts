import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownRefusals, refusedByUnit } from '../../../src/plan/calls/refused-by-unit.js';
import { callContext } from '../../support/planned.js';

const refused = (syscalls: string, own: string) =>
  refusedByUnit(callContext(syscalls, own)).map(
    ({ severity, message, at }) => `${severity} ${at?.line}: ${message}`,
  );

const STAYS = "stays refused by the unit's own SystemCallFilter=";
const OWN = 'SystemCallFilter=~@swap uname socket';

test('a line that permits nothing, because the unit refuses all its calls, is reported', () => {
  assert.deepEqual(refused('allow = ["@system-service", "@swap"]\nlog = ["uname"]', OWN), [
    `warning 2: '@swap' ${STAYS}`,
    `warning 3: 'uname' ${STAYS}`,
  ]);
  const rule = (action: string) =>
    `rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "${action}" }]`;
  assert.deepEqual(refused(rule('allow'), OWN), [`warning 2: 'socket' ${STAYS}`]);
  assert.deepEqual(refused(rule('EPERM'), OWN), []);
});

test('a line that permits something, or refuses, is not reported', () => {
  assert.deepEqual(refused('allow = ["@system-service"]', OWN), []);
  assert.deepEqual(refused('deny = ["uname", "@swap"]', OWN), []);
  assert.deepEqual(refused('log = ["uname"]', ''), []);
  assert.deepEqual(refused('log = ["uname"]\ninherit = false', `${OWN}\nSystemCallFilter=`), []);
});

test('an entry has the calls that the unit refuses, as a set or a call', () => {
  const context = callContext('allow = ["@system-service"]', 'SystemCallFilter=~uname');
  const at = { file: 'p.toml', line: 1, column: 1 };
  assert.deepEqual(ownRefusals({ name: '@system-service', at }, context), ['uname']);
  assert.deepEqual(ownRefusals({ name: 'read', at }, context), []);
  assert.deepEqual(ownRefusals({ name: '@nothing', at }, context), []);
});
