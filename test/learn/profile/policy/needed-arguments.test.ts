import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfilePart } from '../../../../src/learn/profile/policy/input.js';
import { calls, learned, profile, values } from '../../../support/learned.js';
import { NEEDED_ARGUMENTS } from '../../../support/needed-arguments.js';

const NAMES = NEEDED_ARGUMENTS.map(([call]) => call);

/** Evidence of a service that makes all calls whose arguments are needed, on a kernel that shows no capabilities. */
const of = (rows: typeof NEEDED_ARGUMENTS): ProfilePart =>
  profile({
    calls: [...profile().calls, ...calls(NAMES.join(' '))],
    arguments: rows.map(([call, positions]) => values(call, positions, [positions.map(() => 1)])),
    blind: ['capabilities'],
  });

/** Calls with rules, and directives that aren't proved for want of arguments. */
function outcome(rows: typeof NEEDED_ARGUMENTS) {
  const { rules, directives } = learned(of(rows));
  const unproved = directives.unproved.filter(({ reason }) => /^not all .* were recorded$/.test(reason));
  return { rules: rules.map(({ call }) => call), unproved: unproved.map(({ name }) => name) };
}

test('the needed arguments leave no rule unproved', () => {
  assert.deepEqual(outcome(NEEDED_ARGUMENTS).unproved, []);
});

for (const needed of NEEDED_ARGUMENTS) {
  test(`the arguments of ${needed[0]} prove a rule or a directive`, () => {
    const without = outcome(NEEDED_ARGUMENTS.filter((one) => one !== needed));
    const all = outcome(NEEDED_ARGUMENTS);
    assert.ok(without.unproved.length > 0 || without.rules.length < all.rules.length);
  });
}
