import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emitted } from '../../../src/systemd/directives/against-unit.js';
import { formatDirective, isFormatted } from '../../../src/systemd/directives/format.js';
import { directives, findDirective } from '../../../src/systemd/directives/table.js';
import { isLoaded, isSettingLoaded } from '../../../src/verify/manager/loaded-values.js';
import { READINGS } from '../../booted/directive-readings.js';

const AT = { file: 'policy.toml', line: 1, column: 1 };

function written(name: string, value: unknown): readonly string[] {
  const row = findDirective(name)!;
  const formatted = formatDirective(row, value, AT);
  assert.ok(isFormatted(formatted), name);
  return emitted(row, [], formatted.values);
}

test("each example is in the bus's value", () => {
  const get = (property: string) => READINGS.get(property);
  for (const row of directives()) {
    assert.ok(READINGS.has(row.bus.property), `${row.name}: no reading`);
    assert.ok(isLoaded(row, written(row.name, row.example), get), row.name);
  }
});

/** A directive, the drop-in's assignments, what the manager has, and whether that is it. */
const CASES: readonly [string, readonly string[], Readonly<Record<string, unknown>>, boolean][] = [
  // What another directive implies.
  ['ProtectSystem', ['no'], { ProtectSystem: 'strict', DynamicUser: true }, true],
  ['ProtectSystem', ['no'], { ProtectSystem: 'strict', DynamicUser: false }, false],
  ['ProtectSystem', ['full'], { ProtectSystem: 'no', DynamicUser: true }, false],
  ['DevicePolicy', ['auto'], { DevicePolicy: 'closed', PrivateDevices: true }, true],
  [
    'CapabilityBoundingSet',
    ['', 'CAP_SYSLOG CAP_KILL'],
    { CapabilityBoundingSet: 32n, ProtectKernelLogs: true },
    true,
  ],
];

for (const [name, values, properties, wanted] of CASES) {
  test(`${name}=${values.join('|')} ${wanted ? 'is' : "isn't"} in ${show(properties)}`, () => {
    assert.equal(
      isLoaded(findDirective(name)!, values, (property) => properties[property]),
      wanted,
    );
  });
}

function show(properties: unknown): string {
  return JSON.stringify(properties, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

test('a list of calls has its kind read back', () => {
  const cases: readonly [values: readonly string[], loaded: unknown, held: boolean][] = [
    [[''], [false, []], true],
    [[''], [true, []], false],
    [['', '~acct'], [false, ['acct']], true],
    [['', '~acct'], [false, []], false],
    [['', '~acct'], [true, ['acct']], false],
    [['', 'acct', '~brk'], [true, ['acct']], true],
    [['', 'acct'], undefined, true],
  ];
  for (const [values, loaded, held] of cases)
    assert.equal(
      isSettingLoaded('SystemCallFilter', values, () => loaded),
      held,
      `${values}`,
    );
});
