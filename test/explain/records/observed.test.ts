import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ObservedCall, observedCalls, together } from '../../../src/explain/records/observed.js';
import type { UnitCall } from '../../../src/explain/records/record.js';
import { KILL, KILL_THREAD } from '../../../src/seccomp/syscalls/action.js';

const CALL = { arch: 0xc000003e, nr: 165, action: KILL, name: 'demod', program: undefined, certain: true };
const seen = (more: Partial<ObservedCall> = {}): ObservedCall => ({
  ...{ ...CALL, pid: undefined, from: 1000, time: 2000, count: 3 },
  ...more,
});
const logged = (time: number, more: Partial<UnitCall> = {}): UnitCall => ({ ...CALL, pid: 7, time, ...more });

const counts = (calls: readonly UnitCall[]) => calls.map(({ pid, count = 1 }) => [pid, count]);

const CASES: readonly [says: string, records: readonly UnitCall[], left: number][] = [
  ['from the time of the watch', [logged(1000), logged(2000, { args: [1n] })], 1],
  ['of all calls of the watch', [logged(1500, { count: 2 }), logged(1600)], 0],
  ['of more calls than the watch counted', [logged(1500, { count: 9 })], 0],
  ['from before and after', [logged(999), logged(2001)], 3],
  ['of another call', [logged(1500, { nr: 166 }), logged(1500, { arch: 0x40000003 })], 3],
  ['of another end', [logged(1500, { action: 0x50000 })], 3],
  ['of a killed thread', [logged(1500, { action: KILL_THREAD })], 2],
  ["that may be somebody else's", [logged(1500, { certain: false })], 3],
];

for (const [says, records, left] of CASES) {
  test(`records ${says} leave ${left} of 3 calls`, () => {
    const all = together([seen()], records);
    const own = left > 0 ? [[undefined, left]] : [];
    assert.deepEqual(counts(all), [...own, ...counts(records)]);
  });
}

test('a record is certain if the watch saw the program make the call', () => {
  const program = '/usr/sbin/demod';
  const guess = (time: number) => logged(time, { program, certain: false });
  const all = together([seen({ program })], [guess(1500), guess(2001)]);
  assert.deepEqual(
    all.map(({ pid, certain }) => [pid, certain]),
    [
      [undefined, true],
      [7, true],
      [7, false],
    ],
  );
});

test('each watch has the records of its time', () => {
  const watches = [seen(), seen({ from: 3000, time: 4000, count: 1 })];
  assert.deepEqual(counts(together(watches, [logged(3500)])), [
    [undefined, 3],
    [7, 1],
  ]);
});

test("calls that a watch saw refused have the form of the kernel's records", () => {
  const programs = [{ path: '/usr/sbin/demod', hash: null, phases: [] }];
  const refused = [
    { architecture: 'x86-64', number: 435, name: 'clone3', answer: 38, count: 3, programs: [0] },
    { architecture: 'x32', number: 521, name: 'ptrace', answer: 'kill', count: 1, programs: [] },
    { architecture: 'no-such', number: 1, name: null, answer: 1, count: 1, programs: [] },
  ] as const;
  const times = { from: 1000, time: 2000 };
  const common = { pid: undefined, ...times, certain: true, arch: 0xc000003e };
  assert.deepEqual(observedCalls({ programs, refused, lost: {} }, times), [
    { ...common, nr: 435, action: 0x50000, errno: 38, count: 3, name: 'demod', program: '/usr/sbin/demod' },
    { ...common, nr: 0x40000000 + 521, action: KILL, count: 1, name: 'unknown', program: undefined },
  ]);
  const unsure = observedCalls({ programs, refused, lost: { marks: 1 } }, times);
  const found = unsure.map(({ certain }) => certain);
  assert.deepEqual(found, [false, false]);
});
