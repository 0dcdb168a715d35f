import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertMayBeReady, readyGap } from '../../src/learn/write-policy.js';
import { loadUnit } from '../../src/prepare/load/load-unit.js';
import { probeMachine } from '../../src/prepare/probe/target.js';
import { NO_EXEC, SERVICE, UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { fakeContext, machineWith } from '../support/fake-system.js';

async function found(lines: string) {
  const context = fakeContext(machineWith(`${SERVICE}${lines}\n`, NO_EXEC));
  return assertMayBeReady(readyGap(context, await loadUnit(context, UNIT), await probeMachine(context)));
}

test('a unit that can have [ready] may be learned with it', async () => {
  await found('Type=notify');
});

test("a unit that can't have [ready] gets the text of the gap", async () => {
  for (const [lines, why] of [
    ['Type=oneshot', /^\[ready\] can't be enforced: a service of Type=oneshot has ended when it is ready$/],
    ['RootDirectory=/srv/root', /is not in the root of RootDirectory=$/],
  ] as const) {
    const [code, message, hint] = await failure(found(lines));
    assert.deepEqual([code, hint], ['gap-ready', 'learn without --ready']);
    assert.match(message!, why);
  }
});
