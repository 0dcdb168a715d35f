/** Tests of apply/live/failed-start.ts: what `tighten` says in the journal of a start. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Result, run } from '../../support/apply-in-memory.js';
import { TIGHTEN, UNIT } from '../../support/demo-service.js';
import { inRepository } from '../../support/repository.js';
import { tightenable } from '../../support/tightened-in-memory.js';

describe('report of a failed start with [ready]', () => {
  const POLICY = '[ready]\ndeny = ["execve", "@io-event"]\n';

  /** Applies the policy to a service whose start fails in a command of ExecStartPost=, and that says these lines. */
  async function failed(lines: readonly string[], path = TIGHTEN): Promise<Result> {
    const entries = lines.map((MESSAGE) => `${JSON.stringify({ MESSAGE })}\n`).join('');
    const { system } = tightenable(POLICY, {
      behaviour: (_, confined) => (confined ? 'job-fails' : 'works'),
      programs: { journalctl: () => ({ status: 0, stdout: entries, stderr: '' }) },
      distort: (properties) => {
        if (properties.get('ActiveState') === 'active') return;
        properties.set('ExecStartPostEx', [[path, [path], [], 0, 9, 10, 0, 0, 1, 1]]);
        properties.set('ExecMainCode', 1).set('ExecMainStatus', 0).set('ExecMainStartTimestampMonotonic', 5);
      },
    });
    return run(system);
  }

  const WAITS = 'tighten: thread 12 waits in call 232 (arch=c000003e), which the filter refuses';

  test('names the call, and the line of the policy', async () => {
    const more = WAITS.replace('12', '13');
    const { diagnostics } = await failed(['hello', WAITS, more, 'tighten: nothing is changed: all go on']);
    const [start, waits, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
    assert.match(start!.message, /ended with 'failed' \(.*ExecStartPost= \(tighten\): exit status 1\)$/);
    assert.equal(start!.hint, `see journalctl --unit ${UNIT}`);
    assert.deepEqual([waits!.code, waits!.at?.line, waits!.at?.column], ['thread-stuck', 2, 19]);
    assert.equal(waits!.message, 'demo.service: a thread waits in epoll_wait, which the filter refuses');
    assert.match(waits!.hint!, /leave the call out; otherwise raise 'settle' in \[ready\]/);
    assert.deepEqual(others, []);
  });

  test("describes a waiting thread in tighten's words", () => {
    const source = readFileSync(inRepository('native-helper/tighten/report.c'), 'utf8');
    assert.ok(source.includes('"waits in call ", ", which the filter refuses"'));
  });

  test("reports everything else in tighten's words", async () => {
    const { diagnostics } = await failed(["tighten: can't open the filter '/x'"]);
    const [, told] = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual([told!.code, told!.message], ['not-tightened', `${UNIT}: can't open the filter '/x'`]);
  });

  test('ignores lines that other programs printed', async () => {
    const { diagnostics } = await failed([WAITS], '/bin/false');
    const [start, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
    assert.match(start!.message, /ExecStartPost= \(false\): exit status 1/);
    assert.match(start!.hint!, /it said: tighten: thread 12 waits in call 232/);
    assert.deepEqual(others, []);
  });
});
