import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitResult } from '../../../src/apply/unit-result.js';
import { unitsOutcome } from '../../../src/cli/report/apply.js';
import { EXIT, error, warning } from '../../../src/diagnostic.js';
import type { FileChange } from '../../../src/plan/emit/changes.js';
import { existing } from '../../support/fake-system.js';

const CREATED: FileChange = { kind: 'create', path: '/x', before: undefined, after: existing('/x', 'a\n') };
const SAME: FileChange = {
  kind: 'unchanged',
  path: '/x',
  before: existing('/x', 'a\n'),
  after: existing('/x', 'a\n'),
};
const WRONG = error('gap-directive', 'nobody enforces it');

const result = (state: UnitResult['state'], more: object = {}): UnitResult =>
  ({
    unit: 'a.service',
    state,
    changes: [CREATED],
    diagnostics: [],
    restarted: false,
    services: [],
    ...more,
  }) as UnitResult;

const exit = (results: readonly UnitResult[], check = false) =>
  unitsOutcome(results, new Map(), { check }).exit;

test('the exit status is that of the worst unit; an error of the machine outweighs all', () => {
  assert.equal(exit([result('applied'), result('unchanged')]), EXIT.ok);
  assert.equal(exit([result('pending')]), EXIT.ok);
  assert.equal(exit([result('applied'), result('pending')], true), EXIT.pending);
  const refused = result('refused', { diagnostics: [WRONG] });
  assert.equal(exit([refused, result('pending')], true), EXIT.findings);
  assert.equal(exit([result('applied', { diagnostics: [warning('left-over', '')] })]), EXIT.ok);
  assert.equal(
    exit([refused, result('refused', { diagnostics: [WRONG], exit: EXIT.failure })]),
    EXIT.failure,
  );
  assert.equal(
    exit([result('failed', { diagnostics: [error('unwritable', 'the disk is full')] })]),
    EXIT.failure,
  );
});

const text = (one: UnitResult, options = {}) => unitsOutcome([one], new Map(), options).text;

test('each unit has its state, its files, and whether it was restarted', () => {
  assert.equal(text(result('unchanged', { changes: [SAME] })), 'a.service: unchanged\n');
  assert.match(
    text(result('applied', { restarted: true, verified: true })),
    /^a\.service: applied\nFiles:\n.*\/x\n.*\nRestarted, and verified\.\n$/,
  );
  assert.match(text(result('reverted', { restarted: true })), /\nRestarted\.\n$/);
  assert.doesNotMatch(text(result('applied')), /Restarted/);
  // What was rolled back has no files to tell of.
  assert.equal(text(result('rolled-back', { restarted: true })), 'a.service: rolled-back\n');
  assert.match(
    text(result('pending', { changes: [SAME] })),
    /The files are up to date; a restart is due\.\n$/,
  );
});

test('a diagnostic names its unit if there are several', () => {
  const of = (count: number) =>
    unitsOutcome(new Array(count).fill(result('refused', { diagnostics: [WRONG] })), new Map(), {})
      .diagnostics[0]!.message;
  assert.equal(of(1), 'nobody enforces it');
  assert.match(of(2), /^a\.service: nobody enforces it/);
});

test('JSON reports a change unless everything is as before', () => {
  const changed = (...states: UnitResult['state'][]) =>
    unitsOutcome(
      states.map((state) => result(state)),
      new Map(),
      {},
    ).json.changed;
  assert.equal(changed('unchanged', 'refused', 'rolled-back'), false);
  for (const state of ['applied', 'reverted', 'pending', 'failed'] as const)
    assert.equal(changed('unchanged', state), true, state);
  const [unit] = unitsOutcome([result('applied', { restarted: true, verified: false })], new Map(), {
    diff: true,
  }).json.units as Record<string, unknown>[];
  assert.deepEqual([unit!.restarted, unit!.verified, typeof unit!.diff], [true, false, 'string']);
});

test("short JSON has each unit's state, `changed`, the diff and the reasons", () => {
  const results = [
    result('pending', { diagnostics: [error('gap-directive', 'nobody enforces it', { hint: 'none' })] }),
    result('unchanged', { changes: [SAME] }),
  ];
  const { summary, json } = unitsOutcome(results, new Map(), {});
  assert.deepEqual(summary!(json), {
    changed: true,
    units: [
      {
        ...{ unit: 'a.service', state: 'pending', changed: true, diff: 'Binary file /x: create\n' },
        reasons: [{ severity: 'error', code: 'gap-directive', message: 'nobody enforces it', hint: 'none' }],
      },
      { unit: 'a.service', state: 'unchanged', changed: false, diff: '', reasons: [] },
    ],
  });
  // Another run may have left something half changed.
  assert.equal(summary!({ ...json, changed: false }).changed, false);
});
