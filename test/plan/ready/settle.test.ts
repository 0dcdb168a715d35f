import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned } from '../../support/planned.js';

const READY = '[ready]\ndeny = ["bind"]\n';

/** The words by which the program that loads the filter waits. */
function wait(lines: string, settle = ''): string | undefined {
  const { commands } = planned(READY + settle, lines);
  const post = commands.find(({ key }) => key === 'ExecStartPost');
  return / (--settle .*)$/.exec(post?.lines.at(-1) ?? '')?.[1];
}

test('a settle time ends before the start times out', () => {
  assert.equal(wait('TimeoutStartSec=3'), '--settle 500 --within 2000');
  assert.equal(wait('TimeoutSec=30\nTimeoutStartSec=1min'), '--settle 500 --within 20000');
  assert.equal(wait('TimeoutStartSec=1min 30s', 'settle = "5s"'), '--settle 5000 --within 50000');
  assert.equal(wait('TimeoutStartSec=90'), '--settle 500');
  for (const endless of ['0', 'infinity'])
    assert.equal(wait(`TimeoutStartSec=${endless}`, 'settle = "1min"'), '--settle 60000 --within 600000');
  for (const other of ['', 'TimeoutStartSec=soon', 'TimeoutStopSec=3'])
    assert.equal(wait(other, 'settle = "5s"'), '--settle 5000');
  assert.equal(wait('Type=notify\nTimeoutStartSec=3'), undefined);
});
