import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endJson, exitStatus, hasRun, sizeText, summaryLines } from '../../../src/cli/report/run.js';
import { timeText } from '../../../src/systemd/time-span.js';
import { unitState } from '../../support/unit-state.js';

/** What systemd's format_timespan() with an accuracy of a millisecond, and its FORMAT_BYTES(), print. */
const TIMES: readonly [bigint, string][] = [
  [0n, '0'],
  [7n, '7us'],
  [999n, '999us'],
  [1000n, '1ms'],
  [14_321n, '14ms'],
  [1_296_000n, '1.296s'],
  [2_000_900n, '2.000s'],
  [63_045_123n, '1min 3.045s'],
  [60_000_000n, '1min'],
  [3_600_000_000n, '1h'],
  [90_061_001_000n, '1d 1h 1min 1.001s'],
  [40_000_000_000_000n, '1y 3month 6d 9h 36min 40s'],
];
const SIZES: readonly [bigint, string][] = [
  [0n, '0B'],
  [1023n, '1023B'],
  [1024n, '1K'],
  [1_572_864n, '1.5M'],
  [2_097_000n, '1.9M'],
  [5n << 40n, '5T'],
];

describe('amounts are written as by systemd', () => {
  for (const [microseconds, text] of TIMES) {
    test(`${microseconds} µs: ${text}`, () => assert.equal(timeText(microseconds), text));
  }
  for (const [bytes, text] of SIZES)
    test(`${bytes} bytes: ${text}`, () => assert.equal(sizeText(bytes), text));
});

describe('exit status of run', () => {
  const cases: [result: string, code: number, status: number, exit: number][] = [
    ['success', 1, 0, 0],
    ['exit-code', 1, 7, 7],
    ['signal', 2, 9, 255],
    ['core-dump', 3, 31, 1],
    ['timeout', 2, 15, 1],
    // By SuccessExitStatus=, and by its default.
    ['success', 1, 42, 0],
    ['success', 2, 10, 0],
    ['success', 2, 15, 0],
    // The result was reset before it was asked for.
    ['success', 1, 7, 7],
    ['success', 2, 9, 255],
    ['success', 3, 31, 255],
  ];
  for (const [result, code, status, exit] of cases) {
    test(`${result}, ${code}, ${status}: ${exit}`, () => {
      const end = { Result: result, ExecMainCode: code, ExecMainStatus: status };
      const unit = unitState({ ...end, SuccessExitStatus: [[42], [10]] });
      assert.deepEqual([exitStatus(unit), hasRun(unit)], [exit, true]);
    });
  }
});

const UNKNOWN = 2n ** 64n - 1n;

test("all properties of a unit's end are printed", () => {
  const unit = unitState({
    Result: 'success',
    ExecMainCode: 1,
    ExecMainStatus: 0,
    InactiveExitTimestampMonotonic: 1_000_000n,
    InactiveEnterTimestampMonotonic: 2_500_000n,
    CPUUsageNSec: 9_000_001n,
    MemoryPeak: 1_572_864n,
    MemorySwapPeak: 0n,
    IPIngressBytes: 1024n,
    IPEgressBytes: 0n,
    IOReadBytes: UNKNOWN,
    IOWriteBytes: 4096n,
  });
  assert.deepEqual(summaryLines(unit), [
    'Finished with result: success',
    'Main processes terminated with: code=exited, status=0/SUCCESS',
    'Service runtime: 1.500s',
    'CPU time consumed: 9ms',
    'Memory peak: 1.5M (swap: 0B)',
    'IP traffic received: 1K sent: n/a',
    'IO bytes read: n/a written: 4K',
  ]);
  const { runtime, cpuTime, memoryPeak } = endJson(unit);
  assert.deepEqual([runtime, cpuTime, memoryPeak], [1_500_000n, 9001n, 1_572_864n]);
});

test('a unit without properties has no numbers', () => {
  const unit = unitState({ Result: 'resources', MemoryPeak: UNKNOWN });
  assert.deepEqual(summaryLines(unit), ['Finished with result: resources']);
});
