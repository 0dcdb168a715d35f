/** Tests of apply/live/parse-report.ts and apply/live/findings.ts: lines of `tighten`, and what is said of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { findingErrors } from '../../../src/apply/live/findings.js';
import { parseReport, REASONS, type TightenFinding } from '../../../src/apply/live/parse-report.js';
import { ABIS } from '../../../src/seccomp/syscalls/abi.js';
import { UNIT } from '../../support/demo-service.js';
import { FakeSystem } from '../../support/fake-system.js';
import { inRepository } from '../../support/repository.js';

describe('a report of tighten', () => {
  test('is read with its counts, for each ending', () => {
    const none = { findings: [], threads: 0, processes: 0, paused: undefined };
    assert.deepEqual(parseReport('paused 1234\ntightened 5 2\n', 0), {
      ...{ ending: 'tightened', findings: [] },
      ...{ threads: 5, processes: 2, paused: 1234 },
    });
    assert.equal(parseReport('restless\npaused 1\nfit 1 1\n', 0)?.ending, 'fit');
    assert.deepEqual(parseReport('finding 7 waits 0 3221225534\nfinding 0 unsettled\nunchanged\n', 1), {
      ...none,
      ending: 'unchanged',
      findings: [
        { tid: 7, reason: 'waits', numbers: [0, 3221225534] },
        { tid: 0, reason: 'unsettled', numbers: [] },
      ],
    });
    assert.equal(parseReport('finding 7 missing\nkilled\n', 3)?.ending, 'killed');
    // A filter file that can't be read leaves no line.
    assert.deepEqual(parseReport('', 1), { ...none, ending: 'unchanged' });
  });

  test('is undefined if it has anything else: the state of the processes is unknown then', () => {
    for (const [text, status] of [
      ['', 0],
      ['', 3],
      ['', 137],
      // The report could not be written.
      ['', 4],
      ['unchanged\n', 4],
      ['tightened 5 2\n', 4],
      ['tightened 5 2\n', 1],
      ['unchanged\n', 0],
      ['unchanged\nkilled\n', 3],
      ['tightened 5 2\ntightened 5 2\n', 0],
      ['tightened 5 2', 0],
      ['tightened 5\n', 0],
      ['tightened 5 2 1\n', 0],
      ['tightened -5 2\n', 0],
      ['tightened 5  2\n', 0],
      ['tightened 5 2\nmore\n', 0],
      ['tightened 5 2\n\n', 0],
      ['finding 7 waits 0\nunchanged\n', 1],
      ['finding 7 toString\nunchanged\n', 1],
      ['finding x stuck\nunchanged\n', 1],
      ['finding 7\nunchanged\n', 1],
    ] as const)
      assert.equal(parseReport(text, status), undefined, `${text} ${status}`);
  });

  test('has one reason for each that the program knows, with as many numbers', () => {
    const source = readFileSync(inRepository('native-helper/tighten/report.c'), 'utf8');
    const counts = { NONE: 0, COUNT: 1, CALL_AND_ARCHITECTURE: 2, ERRNO: 1 };
    const rows = [...source.matchAll(/\[REASON_\w+\] = \{"([a-z-]+)", (\w+),/g)];
    const theirs = rows.map(([, name, numbers]) => [name, counts[numbers as keyof typeof counts]]);
    assert.deepEqual(Object.fromEntries(theirs), REASONS);
  });
});

describe('a finding of tighten', () => {
  const status = (name: string) => `Name:\t${name}\nState:\tS\n`;
  const system = new FakeSystem({
    files: { '/proc/7/status': status('wor\u001bker'), '/proc/8/status': status('gdb') },
  });
  const said = async (...findings: TightenFinding[]) =>
    (await findingErrors(system, UNIT, 'x86-64', findings)).map(({ code, message }) => `${code} ${message}`);

  test('names a waiting thread and its call', async () => {
    const { arch } = ABIS['x86-64'];
    const waits = { reason: 'waits' as const, numbers: [288, arch] };
    assert.deepEqual(await said({ ...waits, tid: 7 }, { ...waits, tid: 9 }), [
      `thread-stuck ${UNIT}: thread 7 (wor\\x1bker) waits in accept4, which the filter refuses: the call would fail when it continues (and 1 more like it)`,
    ]);
    const [x86] = await said({ tid: 9, reason: 'waits', numbers: [3, ABIS.x86.arch] });
    assert.match(x86!, /thread 9 waits in read \(x86\),/);
    const [unknown] = await said({ tid: 9, reason: 'waits', numbers: [99999, 1] });
    assert.match(unknown!, /waits in call 99999,/);
  });

  test('names the tracer of a traced thread', async () => {
    assert.deepEqual(await said({ tid: 7, reason: 'traced', numbers: [8] }), [
      `thread-stuck ${UNIT}: thread 7 (wor\\x1bker) is traced by process 8 (gdb)`,
    ]);
  });

  test('has a hint if the kernel refuses the filter for a thread', async () => {
    for (const reason of ['untraceable', 'refused', 'unreadable'] as const) {
      const [told] = await findingErrors(system, UNIT, 'x86-64', [{ tid: 7, reason, numbers: [12] }]);
      assert.match(told!.hint ?? '', /run it on the host|raise /, reason);
    }
  });

  test('is an error with a message of its own for each reason', async () => {
    const all = Object.entries(REASONS).map(
      ([reason, count]): TightenFinding => ({
        tid: 7,
        reason: reason as TightenFinding['reason'],
        numbers: Array<number>(count).fill(1),
      }),
    );
    const errors = await findingErrors(system, UNIT, 'x86-64', all);
    assert.equal(errors.length, all.length);
    assert.equal(new Set(errors.map(({ message }) => message)).size, all.length);
    for (const { severity, message } of errors) {
      assert.equal(severity, 'error');
      assert.ok(message.startsWith(`${UNIT}: `) && !message.includes('undefined'), message);
    }
  });
});
