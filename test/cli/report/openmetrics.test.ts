import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusMetrics } from '../../../src/cli/report/openmetrics.js';
import type { UnitStatus } from '../../../src/cli/report/status.js';
import type { RefusedSinceStart } from '../../../src/explain/refused-since-start.js';
import type { Tally } from '../../../src/explain/tally.js';
import { STATES } from '../../../src/verify/drift/service-state.js';
import { kept } from '../../support/kept-refusals.js';
import { samplesOf } from '../../support/openmetrics.js';

const one = (more: Partial<UnitStatus> = {}): UnitStatus => ({
  ...{ unit: 'a.service', mode: 'enforcing', state: 'live', policy: '/etc/a.toml', dropIn: '/d' },
  ...{ recorded: [], gaps: [], missing: [], drift: [], diagnostics: [] },
  ...more,
});

const refusedCall = (count: number): Tally => ({
  call: { abi: 'x86-64', number: 165, name: 'mount', known: true },
  ...{ got: 'failed', count, last: 0, certain: true },
});

const metrics = (all: readonly UnitStatus[], notApplied: readonly string[] = [], exit = 0) =>
  samplesOf(statusMetrics(all, { notApplied, exit }));

const error = { severity: 'error', code: 'drift-files', message: 'x' } as const;

test('a unit has exactly one mode and one state', () => {
  const samples = metrics([one({ state: 'restart-due' })]);
  const of = (name: string, label: string) =>
    samples.filter((s) => s.name === name).map((s) => [s.labels.get(label), s.value]);
  assert.deepEqual(of('sandbox_unit_mode', 'mode'), [
    ['enforcing', 1],
    ['permissive', 0],
  ]);
  assert.deepEqual(
    of('sandbox_unit_state', 'state'),
    STATES.map((state) => [state, Number(state === 'restart-due')]),
  );
});

test('a unit of two phases has the mode of its start, too', () => {
  const found = metrics([one(), one({ unit: 'b.service', modeUntilReady: 'permissive' })]);
  assert.deepEqual(
    found
      .filter(({ name }) => name.startsWith('sandbox_unit_mode'))
      .map(({ name, labels, value }) => [name, ...labels.values(), value]),
    [
      ['sandbox_unit_mode', 'a.service', 'enforcing', 1],
      ['sandbox_unit_mode', 'a.service', 'permissive', 0],
      ['sandbox_unit_mode', 'b.service', 'enforcing', 1],
      ['sandbox_unit_mode', 'b.service', 'permissive', 0],
      ['sandbox_unit_mode_until_ready', 'b.service', 'enforcing', 0],
      ['sandbox_unit_mode_until_ready', 'b.service', 'permissive', 1],
    ],
  );
});

test('each kind of drift is a sample, as are errors, not-applied policies and the exit status', () => {
  const drifted = one({ unit: 'b.service', drift: ['drift-policy', 'overridden'], diagnostics: [error] });
  const told = metrics([one(), drifted], ['c.service'], 1)
    .filter(({ name }) => !/_(mode|state)$/.test(name))
    .map(({ name, labels, value }) => [name, ...labels.values(), value]);
  assert.deepEqual(told, [
    ['sandbox_unit_drift', 'b.service', 'policy', 1],
    ['sandbox_unit_drift', 'b.service', 'overridden', 1],
    ['sandbox_unit_wrong', 'a.service', 0],
    ['sandbox_unit_wrong', 'b.service', 1],
    ['sandbox_unit_not_applied', 'c.service', 1],
    ['sandbox_unit_exit_status', 1],
  ]);
});

test('the number of refused calls is a sample if it is known, and each further kind of refusals one', () => {
  const refused = (unit: string, more: Partial<RefusedSinceStart>) =>
    one({ unit, refused: { ...{ count: 0, calls: [], others: [], unseen: [] }, ...more } });
  const samples = metrics([
    refused('a.service', {}),
    refused('b.service', { calls: [refusedCall(2)], others: [kept({ count: 3 }), kept({ count: 1 })] }),
    refused('c.service', { count: undefined, unseen: ['errno'] }),
    refused('d.service', { others: [kept({ kind: 'capability' })], unseen: ['errno'] }),
    one({ unit: 'e.service' }),
  ]);
  const of = (metric: string) =>
    samples.filter(({ name }) => name === metric).map(({ labels, value }) => [...labels.values(), value]);
  assert.deepEqual(of('sandbox_unit_refused_calls'), [
    ['a.service', 0],
    ['b.service', 2],
  ]);
  assert.deepEqual(of('sandbox_unit_refusals'), [
    ['b.service', 'path', 4],
    ['d.service', 'capability', 1],
  ]);
});

test('filters that were added to running processes are a sample for each command', () => {
  const by = (who: 'apply' | 'tighten') => ({ invocation: '1', at: 0, by: who, deny: [] });
  const { mode: _, policy: __, dropIn: ___, ...bare } = one({ unit: 'b.service' });
  const samples = metrics([
    one({ injected: [by('tighten'), by('apply'), by('tighten')] }),
    { ...bare, injected: [by('tighten')] },
    one({ unit: 'c.service', injected: [] }),
  ]);
  assert.deepEqual(
    samples
      .filter(({ name }) => name === 'sandbox_unit_injected')
      .map(({ labels, value }) => [labels.get('unit'), labels.get('by'), value]),
    [
      ['a.service', 'apply', 1],
      ['a.service', 'tighten', 1],
      ['b.service', 'tighten', 1],
    ],
  );
});

test("a unit that can't be examined is an error, and in no mode", () => {
  const { mode: _, state: __, ...bare } = one({ exit: 2 });
  const samples = metrics([bare]);
  const values = samples.filter(({ name }) => name === 'sandbox_unit_mode').map(({ value }) => value);
  assert.deepEqual(values, [0, 0]);
  assert.ok(!samples.some(({ name }) => name === 'sandbox_unit_state'));
  assert.ok(samples.some(({ name, value }) => name === 'sandbox_unit_wrong' && value === 1));
});

test('a name is one value, whatever it contains', () => {
  const names = [
    'a"b.service',
    'a\\x2db.service',
    'a\\.service',
    'a\nsandbox_unit_wrong{unit="x"} 0\n# EOF.service',
    'a"} 1\n',
    `${'x'.repeat(240)}1.service`,
    `${'x'.repeat(240)}2.service`,
  ];
  const samples = metrics(names.map((unit) => one({ unit })));
  const seen = samples.filter(({ name }) => name === 'sandbox_unit_wrong').map(({ labels }) => labels);
  const found = seen.map((labels) => labels.get('unit'));
  assert.deepEqual(
    found,
    names.map((name) => name.replaceAll('\n', '\\x0a')),
  );
});

test('a machine without units has the exit status alone', () => {
  assert.equal(
    statusMetrics([], { notApplied: [], exit: 0 }),
    [
      '# HELP sandbox_unit_exit_status Exit status of the command.',
      '# TYPE sandbox_unit_exit_status gauge',
      'sandbox_unit_exit_status 0',
      '# EOF',
      '',
    ].join('\n'),
  );
});
