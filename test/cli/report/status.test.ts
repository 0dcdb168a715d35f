import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  statusJson,
  statusSummary,
  statusText,
  type UnitStatus,
  withOneHint,
} from '../../../src/cli/report/status.js';
import { type Diagnostic, error, note } from '../../../src/diagnostic.js';
import type { Unseen } from '../../../src/explain/records/records.js';
import { PLAIN, type Theme } from '../../../src/theme.js';
import { fakeContext, machineWith } from '../../support/fake-system.js';

const one = (more: Partial<UnitStatus> = {}): UnitStatus => ({
  ...{ unit: 'a.service', mode: 'enforcing', state: 'live', policy: '/etc/a.toml', dropIn: '/d' },
  ...{ recorded: [], gaps: [], missing: [], drift: [], diagnostics: [] },
  ...more,
});

const row = (more: Partial<UnitStatus>) =>
  statusText([one(more)], true)
    .split('\n')[1]!
    .split(/ {2,}/);

test('each unit has a line without unknown values', () => {
  assert.deepEqual(row({}), ['a.service', 'enforcing', 'live', '-', '-', '/etc/a.toml']);
  const { state: _, mode: __, policy: ___, ...bare } = one();
  assert.match(statusText([bare], true), /a\.service {2}- {5}- {6}- {6}- {8}-\n$/);
});

test('drift is shown by codes without their prefix, with a mark if there may be more', () => {
  assert.equal(row({ drift: ['drift-policy', 'drift-unit'] })[3], 'policy, unit');
  assert.equal(row({ drift: ['drift-policy'], untold: true })[3], 'policy, ?');
  assert.equal(row({ untold: true })[3], '?');
});

test('the number of refused calls is exact, a minimum, or unknown', () => {
  const refused = (count: number | undefined, unseen: readonly Unseen[] = []) =>
    row({ refused: { count, calls: [], others: [], unseen } })[4];
  assert.equal(refused(0), '0');
  assert.equal(refused(3), '3');
  assert.equal(refused(3, ['errno']), '3?');
  assert.equal(refused(undefined, ['errno']), '-');
  assert.equal(row({})[4], '-');
});

const wide: Theme = { ...PLAIN, columns: 80 };

test('a line fits the terminal: the policy is cut first, the name never', () => {
  const long = 'prometheus-node-exporter.service';
  const units = [
    one(),
    one({ unit: long, policy: `/etc/sandbox-unit/${long}.toml`, drift: ['drift-policy', 'drift-unit'] }),
  ];
  const lines = statusText(units, true, wide).trimEnd().split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.match(
    lines[2]!,
    /^prometheus-node-exporter\.service {2}enfo…ing {2}live {3}poli…unit {2}- {8}\/etc…toml$/,
  );
  const longest = statusText([one({ unit: 'u'.repeat(90) })], true, wide).split('\n')[1]!;
  assert.match(longest, /^u{90} {2}enfo…ing {2}live/);
});

test('a template has its instances below it, by state', () => {
  const instances = [
    { name: 'a@1.service', state: 'live' },
    { name: 'a@2.service', state: 'restart-due' },
    { name: 'a@3.service', state: 'live' },
  ] as const;
  const lines = statusText([one({ unit: 'a@.service', state: 'restart-due', instances })], true);
  assert.deepEqual(lines.split('\n').slice(2), [
    '  live: a@1.service, a@3.service',
    '  restart due: a@2.service',
    '',
  ]);
  const many = Array.from({ length: 30 }, (_, i) => ({ name: `a@${i}.service`, state: 'live' }) as const);
  const cut = statusText([one({ instances: many })], true, wide).split('\n')[2]!;
  assert.equal(cut.length, 80);
});

test('several units to be applied again get one command', () => {
  const context = fakeContext(machineWith('', ''));
  const drifted = (unit: string, hint = `sandbox-unit apply ${unit}`) =>
    error('drift-policy', `${unit}: changed`, { hint });
  const all = ['a.service', 'b.service', 'c.service'].map((unit) => one({ unit }));
  const hints = (some: readonly Diagnostic[]) => withOneHint(context, all, some).map(({ hint }) => hint);
  const other = drifted('c.service', 'sandbox-unit apply --policy c c.service');
  assert.deepEqual(hints([drifted('a.service'), other, drifted('b.service')]), [
    undefined,
    'sandbox-unit apply --policy c c.service',
    'sandbox-unit apply a.service b.service',
  ]);
  assert.deepEqual(hints([drifted('a.service'), other]), ['sandbox-unit apply a.service', other.hint]);
});

test('recorded calls are named, three at most, without control characters', () => {
  assert.equal(row({ recorded: ['uname', 'a\x1b'] })[1], 'enforcing, records uname, a\\x1b');
  assert.match(row({ recorded: ['a', 'b', 'c', 'd', 'e'] })[1]!, /^enforcing, records a, b, c and 2 more$/);
});

test('lines that wait are counted', () => {
  assert.equal(row({ waiting: ['ProtectHome', 'PrivateTmp'] })[1], 'enforcing, 2 lines wait');
  assert.equal(row({ waiting: [] })[1], 'enforcing');
});

test('a start with fewer limits than the running service is marked', () => {
  assert.equal(row({ modeUntilReady: 'permissive' })[1], 'enforcing, permissive until it serves');
  assert.equal(
    row({ modeUntilReady: 'permissive', recorded: ['uname'] })[1],
    'enforcing, permissive until it serves, records uname',
  );
  assert.equal(row({ modeUntilReady: 'enforcing' })[1], 'enforcing');
  assert.equal(row({ mode: 'permissive', modeUntilReady: 'permissive' })[1], 'permissive');
});

test("a unit without sandbox-unit's files has a line only if there is drift", () => {
  const { dropIn: _, ...bare } = one();
  assert.equal(statusText([bare], true), '');
  assert.match(statusText([{ ...bare, drift: ['drift-files'] }], true), /a\.service/);
  assert.equal(statusText([], true), 'No unit is confined by sandbox-unit.\n');
  assert.equal(statusText([], false), '');
});

test('JSON has null for unknown values', () => {
  assert.deepEqual(
    statusJson({ unit: 'a.service', recorded: [], gaps: ['gap-x'], missing: [], drift: [], diagnostics: [] }),
    {
      ...{
        unit: 'a.service',
        mode: null,
        modeUntilReady: null,
        waiting: [],
        state: null,
        policy: null,
        dropIn: null,
        transient: false,
      },
      ...{
        recorded: [],
        refused: null,
        gaps: ['gap-x'],
        missing: [],
        drift: [],
        waiting: [],
        confirmBy: null,
      },
      injected: [],
    },
  );
});

test('the state mentions filters that were added to running processes; a unit without a policy shows the command', () => {
  const by = (who: 'apply' | 'tighten') => [{ invocation: '1', at: 0, by: who, deny: [] }];
  assert.equal(row({ injected: by('apply') })[2], 'live, injected');
  const { dropIn: _, state: __, mode: ___, policy: ____, ...bare } = one();
  assert.match(
    statusText([{ ...bare, injected: by('tighten') }], true),
    /^a\.service +- +injected +- +- +sandbox-unit tighten$/m,
  );
});

test('short JSON reports a change for a unit with drift', () => {
  const { state: _, ...bare } = one({ unit: 'b.service' });
  const drifted = one({ drift: ['drift-unit'], diagnostics: [note('drift-unit', 'its files have changed')] });
  assert.deepEqual(statusSummary([drifted, bare]), {
    changed: true,
    units: [
      {
        ...{ unit: 'a.service', state: 'live', changed: true },
        reasons: [{ severity: 'note', code: 'drift-unit', message: 'its files have changed' }],
      },
      { unit: 'b.service', state: null, changed: false, reasons: [] },
    ],
  });
  assert.equal(statusSummary([bare]).changed, false);
});

test('problems are coloured, and also named in words', () => {
  const look = { ...PLAIN, paint: (role: string, text: string) => `<${role}>${text}</>` };
  const styled = (more: Partial<UnitStatus>) => statusText([one(more)], true, look).split('\n')[1]!;
  assert.match(styled({}), /<good>enforcing<\/> +<good>live<\/> +- +- +\/etc\/a\.toml$/);
  const wrong = styled({ mode: 'permissive', state: 'not-read', drift: ['drift-policy'] });
  assert.match(wrong, /<doubtful>permissive<\/> +<bad>not read<\/> +<bad>policy<\/>/);
});
