/** Policies on calls that an older systemd doesn't know. */
import assert from 'node:assert/strict';
import { machine } from '../support/machine.js';
import { CALLER, DONE, DOWN, KILL, line, outcomesOf } from '../support/service-calls.js';

const { box, test } = machine('newer', { programs: CALLER, tree: 'bookworm' });

/** More than any call of any table has. */
const NOWHERE = 5000;

/** What becomes of mseal and cachestat, which systemd 252 doesn't know, of a number that nobody knows, and of mount. */
const CASES: readonly [policy: string, mseal: string, cachestat: string, number: string, mount: string][] = [
  ['allow = ["@system-service"]', KILL, KILL, KILL, KILL],
  ['allow = ["@system-service", "mseal"]', DONE, KILL, 'returned -38', KILL],
  ['allow = ["@system-service"]\nunknown = "ENETDOWN"', KILL, KILL, DOWN, KILL],
  ['allow = ["@system-service"]\ndeny = ["mseal:ENETDOWN"]', DOWN, KILL, 'returned -38', KILL],
  ['deny = ["mseal:ENETDOWN", "mount:ENETDOWN"]', DOWN, 'returned -9', 'returned -38', DOWN],
];

for (const [policy, ...expected] of CASES) {
  test(`mseal, cachestat, an unknown number and mount on systemd 252 under ${policy.replace('\n', ', ')}`, async () => {
    const lines = [line('mseal'), line('cachestat', [0xffff_ffffn]), line(NOWHERE), line('mount')];
    assert.deepEqual(await outcomesOf(box, `[syscalls]\n${policy}\n`, lines), expected);
  });
}
