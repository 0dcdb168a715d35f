import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTINGS } from '../../../src/systemd/directives/settings.js';
import { settingProperties } from '../../../src/systemd/directives/transient.js';

const loaded = (name: string, values: readonly string[], value: unknown) =>
  SETTINGS.get(name)!.isLoaded!(values, () => value);

test('a setting is loaded if the manager has the value of its last lines', () => {
  const cases: readonly [name: string, values: readonly string[], value: unknown, held: boolean][] = [
    ['RequiresMountsFor', ['/a "/b c"'], ['/x', '/b c', '/a'], true],
    ['RequiresMountsFor', ['/a', '/b'], ['/a'], false],
    ['RequiresMountsFor', ['/%i'], [], true],
    ['RequiresMountsFor', ['/a%%'], ['/a%'], true],
    ['SyslogIdentifier', ['old', 'demod'], 'demod', true],
    ['SyslogIdentifier', ['demod'], 'other', false],
    ['SyslogIdentifier', ['%p'], 'other', true],
    ['SystemCallArchitectures', ['', 'native x86'], ['x86', 'native'], true],
    ['SystemCallArchitectures', ['', 'native'], ['native', 'x86'], false],
    ['SystemCallArchitectures', ['native', ''], [], true],
    ['SystemCallErrorNumber', ['kill'], 2147483646, true],
    ['SystemCallErrorNumber', ['kill'], 1, false],
    ['SystemCallErrorNumber', ['EPERM'], 1, true],
    ['SystemCallErrorNumber', ['13'], 13, true],
    ['Type', ['exec'], 'exec', true],
    ['Type', ['exec'], 'simple', false],
  ];
  for (const [name, values, value, held] of cases)
    assert.equal(loaded(name, values, value), held, `${name} ${values}`);
});

const properties = (name: string, values: readonly string[]) => {
  const found = settingProperties(name, values);
  return found && (Array.isArray(found) ? found.map((one) => [one.name, one.value]) : undefined);
};

test('a transient unit gets a property for each line of a filter, with its sign apart', () => {
  assert.deepEqual(properties('SystemCallFilter', ['old', '', '~a b:EPERM', '@c']), [
    ['SystemCallFilter', [false, ['a', 'b:EPERM']]],
    ['SystemCallFilter', [true, ['@c']]],
  ]);
  assert.deepEqual(properties('SystemCallLog', ['a']), [['SystemCallLog', [true, ['a']]]]);
  assert.deepEqual(properties('SystemCallArchitectures', ['native', 'x86']), [
    ['SystemCallArchitectures', ['native', 'x86']],
  ]);
  assert.deepEqual(properties('SystemCallErrorNumber', ['EPERM', 'kill']), [
    ['SystemCallErrorNumber', 2147483646],
  ]);
});

test('a setting that was reset is no property, nor is one without a value', () => {
  assert.deepEqual(properties('SystemCallFilter', ['a', '']), []);
  assert.equal(settingProperties('SyslogIdentifier', ['a']), undefined);
  assert.equal(settingProperties('constructor', ['a']), undefined);
});
