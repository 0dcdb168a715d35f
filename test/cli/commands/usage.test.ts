import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learn } from '../../../src/cli/commands/learn/learn.js';
import { onlyUnit } from '../../../src/cli/commands/usage.js';
import { UNIT } from '../../support/demo-service.js';
import { failure } from '../../support/failure.js';
import { FakeObserver } from '../../support/fake-observer.js';
import { contextOf } from '../../support/watch-in-memory.js';

const USAGE = ['usage', 'one unit is expected', "see 'sandbox-unit learn --help'"];

test('a verb for one unit takes exactly one operand', async () => {
  assert.equal(onlyUnit([UNIT]), UNIT);
  for (const operands of [[], [UNIT, 'x']])
    assert.deepEqual(await failure((async () => onlyUnit(operands))()), USAGE);
});

for (const options of [
  { show: true },
  { forget: true },
  { promote: true },
  { write: true },
  { show: true, write: true },
]) {
  test(`a verb for one unit refuses two in the same way: ${Object.keys(options)}`, async () => {
    const context = contextOf(new FakeObserver());
    assert.deepEqual(await failure(learn(context, [UNIT, 'x'], options)), USAGE);
  });
}

test('a policy is not written by a background watch', async () => {
  const context = contextOf(new FakeObserver());
  const [code, said] = await failure(learn(context, [UNIT], { write: true, background: true }));
  assert.deepEqual([code, said], ['usage', "--write can't be combined with --background"]);
});
