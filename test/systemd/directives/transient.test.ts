import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTransient } from '../../../src/systemd/directives/rows/transient.js';
import { directiveProperties } from '../../../src/systemd/directives/transient.js';

/** A directive, its right-hand sides, and its properties or the hint of the error. */
const CASES: readonly (readonly [string, readonly string[], unknown])[] = [
  [
    'StateDirectory',
    ['web', 'a:b'],
    [
      ['StateDirectory', ['web']],
      ['StateDirectorySymlink', [['a', 'b', 0]]],
    ],
  ],
  ['StateDirectory', ['a', '', 'web'], [['StateDirectory', ['web']]]],
  // ConfigurationDirectory= has no property for flags.
  ['ConfigurationDirectory', ['web::ro'], undefined],
  [
    'ReadOnlyPaths',
    ['/srv/%i'],
    'it has no specifiers: write their values instead, and %% for a percent sign',
  ],
  ['MemoryMax', ['50%'], [['MemoryMaxScale', 2147483648]]],
  ['CapabilityBoundingSet', [''], [['CapabilityBoundingSet', 0n]]],
  ['TimeoutCleanSec', ['1s'], 'systemd reads it from files only'],
];

for (const [name, values, expected] of CASES) {
  test(`${name}=${values.join(' and ')} on the bus`, () => {
    const found = directiveProperties(findTransient(name)!, values, 257);
    if ('severity' in found) {
      assert.deepEqual([found.code, found.hint], ['directive-value', expected]);
    } else {
      assert.deepEqual(
        found.map((property) => [property.name, property.value]),
        expected,
      );
    }
  });
}
