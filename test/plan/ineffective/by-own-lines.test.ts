import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INEFFECTIVE_BY } from '../../../src/plan/ineffective/by-own-lines.js';
import { UNDONE_CASES, UNDONE_PORTS } from '../../support/ineffective-cases.js';
import { planned } from '../../support/planned.js';

const CASES = [...UNDONE_CASES, ...UNDONE_PORTS];

const undone = (policy: string, own: string) =>
  planned(`[service]\n${policy}\n`, own).diagnostics.filter(({ code }) => code === 'gap-undone');

for (const { policy, own, by } of CASES) {
  test(`${policy} ${by === undefined ? 'is in force beside' : 'is overridden by'} ${own.replace('\n', ' ')}`, () => {
    const found = undone(policy, own);
    assert.equal(found.length, by === undefined ? 0 : 1);
    for (const { message, at, severity } of found) {
      assert.deepEqual([severity, at?.line], ['error', 2]);
      assert.ok(message.includes(`'${by}=`) && message.endsWith('(demo.service:3:1)'), message);
    }
  });
}

test('every row of the table has a case', () => {
  const tried = new Set(CASES.map(({ policy, by }) => `${policy.split(' ')[0]} ${by}`));
  for (const [name, by] of INEFFECTIVE_BY) assert.ok(tried.has(`${name} ${by}`), name);
});

test('the change in the hint solves it, in either way', () => {
  for (const { policy, own, by } of CASES.filter((one) => one.by !== undefined)) {
    const [{ hint } = assert.fail()] = undone(policy, own);
    const [, reset, loosen] =
      /^to remove it, set (\S+ = (?:\[\]|""))(?: with (loosen = \S+))? in \[service\];/.exec(hint!) ??
      assert.fail(hint);
    const errors = (lines: string) =>
      planned(`[service]\n${policy}\n${lines}`, own).diagnostics.filter(
        ({ severity }) => severity === 'error',
      );
    assert.deepEqual(errors(`${reset}\n${loosen ?? ''}\n`), [], by);
  }
  const meant = 'IPAddressDeny = ["any"]\nIPAddressAllow = ["any"]\n';
  assert.deepEqual(undone(meant, 'IPAddressAllow=any'), []);
});

test('lines that the unit itself resets override nothing', () => {
  assert.deepEqual(undone('IPAddressDeny = ["any"]', 'IPAddressAllow=any\nIPAddressAllow=\n'), []);
});
