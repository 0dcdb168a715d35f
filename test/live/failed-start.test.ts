/** Tests of live/failed-start.ts and live/report-words.ts: what `tighten` says in the journal of a start. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { REASONS } from '../../src/live/parse-report.js';
import { parseWords, WORDS } from '../../src/live/report-words.js';
import { type Result, run } from '../support/apply-in-memory.js';
import { TIGHTEN, UNIT } from '../support/demo-service.js';
import { inRepository } from '../support/repository.js';
import { tightenable } from '../support/tightened-in-memory.js';

describe('words', () => {
  test('are those of the program, for each reason', () => {
    const source = readFileSync(inRepository('native-helper/tighten/report.c'), 'utf8');
    const rows = source.matchAll(/\[REASON_\w+\] = \{"([a-z-]+)", \w+, "([^"]*)", "([^"]*)"\}/g);
    const theirs = [...rows].map(([, reason, before, behind]) => [reason, [before, behind]]);
    assert.deepEqual(Object.fromEntries(theirs), WORDS);
  });

  test('become the findings that programs are told', () => {
    const shown = { 0: '', 1: '7', 2: '232 (arch=c000003e)' } as const;
    for (const [reason, [before, behind]] of Object.entries(WORDS)) {
      const count = REASONS[reason as keyof typeof REASONS];
      const isErrno = count === 1 && before !== '' && !before.endsWith(' ');
      const number = isErrno ? ': EPERM (operation not permitted)' : shown[count];
      const { findings, others } = parseWords([`tighten: thread 12 ${before}${number}${behind}`]);
      const numbers = isErrno ? [1] : { 0: [], 1: [7], 2: [232, 0xc000003e] }[count];
      assert.deepEqual([findings, others], [[{ tid: 12, reason, numbers }], []], reason);
    }
    const [named] = parseWords(["tighten: can't list the threads of the control group: errno 999"]).findings;
    assert.deepEqual(named, { tid: 0, reason: 'unlisted', numbers: [999] });
  });

  test('of the end are no finding, and all else is told as it is', () => {
    const ends = [
      'nothing is changed: all go on without the filter',
      'all processes are killed: some had the filter, or might have',
      'threads still came and went when the time to settle was up',
      'the filter is loaded into 3 threads of 3 processes, which stood still for 7.3 ms',
    ];
    const source = ['report.c', 'tighten.c']
      .map((file) => readFileSync(inRepository(`native-helper/tighten/${file}`), 'utf8'))
      .join('');
    for (const end of ends) assert.ok(source.includes(end.replace(/ 3 threads.*/, '')), end);
    const odd = ["can't open the filter '/x'", 'thread 1 waits in call x (arch=1), which the filter refuses'];
    const lines = [...ends, ...odd].map((line) => `tighten: ${line}`);
    assert.deepEqual(parseWords([...lines, 'the service said tighten: no']), { findings: [], others: odd });
  });
});

describe('of a start that failed', () => {
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

  test('the call has its name, and the line of the policy', async () => {
    const { diagnostics } = await failed(['hello', WAITS, 'tighten: nothing is changed: all go on']);
    const [start, waits, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
    assert.match(start!.message, /ended with 'failed' \(.*ExecStartPost= \(tighten\): exit status 1\)$/);
    assert.equal(start!.hint, `see journalctl --unit ${UNIT}`);
    assert.deepEqual([waits!.code, waits!.at?.line, waits!.at?.column], ['thread-stuck', 2, 19]);
    assert.match(waits!.message, /^demo\.service: thread 12 waits in epoll_wait, which the filter refuses/);
    assert.match(waits!.hint!, /leave the call out, or give 'settle' in \[ready\] more time/);
    assert.deepEqual(others, []);
  });

  test('what is no finding is told as it is', async () => {
    const { diagnostics } = await failed(["tighten: can't open the filter '/x'"]);
    const [, told] = diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual([told!.code, told!.message], ['not-tightened', `${UNIT}: can't open the filter '/x'`]);
  });

  test('lines of others are not taken for those of the program', async () => {
    const { diagnostics } = await failed([WAITS], '/bin/false');
    const [start, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
    assert.match(start!.message, /ExecStartPost= \(false\): exit status 1/);
    assert.match(start!.hint!, /it said: tighten: thread 12 waits in call 232/);
    assert.deepEqual(others, []);
  });
});
