import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tightened } from '../../../src/apply/live/tighten-unit.js';
import { tightenOutcome } from '../../../src/cli/report/tighten.js';
import { error, note } from '../../../src/diagnostic.js';
import { PLAIN } from '../../../src/theme.js';

const NONE = { threads: 0, processes: 0, paused: undefined, diagnostics: [] };
const DONE: Tightened = {
  ...NONE,
  unit: 'a.service',
  state: 'tightened',
  threads: 1,
  processes: 1,
  paused: 2345,
};
const REFUSED: Tightened = {
  ...NONE,
  unit: 'b.service',
  state: 'refused',
  diagnostics: [error('thread-stuck', 'one')],
};
const outcome = (...results: Tightened[]) =>
  tightenOutcome(results, ['execve:EPERM', '@mount:kill'], { theme: PLAIN });

test('each state has its exit status; the gravest of several counts', () => {
  const states: readonly (readonly [Tightened, number])[] = [
    [DONE, 0],
    [REFUSED, 1],
    [{ ...REFUSED, exit: 2 }, 2],
    [{ ...DONE, state: 'pending' }, 3],
    [{ ...REFUSED, state: 'killed' }, 2],
    [{ ...REFUSED, state: 'unknown' }, 2],
  ];
  for (const [one, exit] of states) {
    assert.equal(outcome(one).exit, exit, one.state);
    assert.equal(outcome(DONE, one).exit, exit, one.state);
  }
  assert.equal(outcome(REFUSED, { ...REFUSED, state: 'killed' }).exit, 2);
});

test('the text has the number of processes, the calls, and how long they were stopped', () => {
  assert.equal(
    outcome(DONE, { ...DONE, unit: 'c.service', threads: 3, paused: undefined }, REFUSED).text,
    'a.service: tightened\n1 thread of 1 process is refused execve (EPERM), @mount (kill); they were stopped for 2.3 ms.\n' +
      'c.service: tightened\n3 threads of 1 process are refused execve (EPERM), @mount (kill).\n' +
      'b.service: refused\n',
  );
});

test('JSON has the same, and each diagnostic names its unit if there are several', () => {
  const { json, diagnostics } = outcome(
    { ...DONE, diagnostics: [note('keeps-filter', 'it stays')] },
    REFUSED,
  );
  assert.deepEqual(json.changed, true);
  assert.deepEqual(json.deny, ['execve:EPERM', '@mount:kill']);
  assert.deepEqual((json.units as object[])[1], {
    ...{ unit: 'b.service', state: 'refused', threads: 0, processes: 0, paused: null },
    diagnostics: [{ severity: 'error', code: 'thread-stuck', message: 'one' }],
  });
  const messages = diagnostics.map(({ message }) => message);
  assert.deepEqual(messages, ['a.service: it stays', 'b.service: one']);
  assert.equal(outcome(REFUSED).json.changed, false);
});
