import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observedCalls } from '../../../src/explain/records/observed.js';

const PROGRAMS = [{ path: '/usr/sbin/demod', hash: null, phases: [] }];
const TIME = 1_700_000_000_000;

test('calls that the observer saw refused are told as the kernel records them', () => {
  const refused = [
    { architecture: 'x86-64', number: 435, name: 'clone3', answer: 38, count: 3, programs: [0] },
    { architecture: 'x32', number: 521, name: 'ptrace', answer: 'kill', count: 1, programs: [] },
    { architecture: 'no-such', number: 1, name: null, answer: 1, count: 1, programs: [] },
  ] as const;
  const common = { pid: undefined, time: TIME, certain: true, arch: 0xc000003e };
  assert.deepEqual(observedCalls({ programs: PROGRAMS, refused }, TIME), [
    { ...common, nr: 435, action: 0x50000, count: 3, name: 'demod', program: '/usr/sbin/demod' },
    { ...common, nr: 0x40000000 + 521, action: 0x80000000, count: 1, name: 'unknown', program: undefined },
  ]);
});
