/** Integers of 64 bits, as dbus-next writes them by scripts/no-long. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { marshalled } from '../../../src/machine/bus/marshalled.js';

const require = createRequire(createRequire(import.meta.url).resolve('dbus-next'));
const marshall = require('./lib/marshall.js');

const ENDS = {
  x: [-(2n ** 63n) + 1n, -(2n ** 32n), -1n, 2n ** 63n - 1n],
  t: [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n],
};
const BOTH = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 52n + 1n, 2n ** 53n - 1n];

for (const type of ['x', 't'] as const)
  test(`64-bit integers of type ${type} read back as dbus-next wrote them`, () => {
    for (const value of [...BOTH, ...ENDS[type]])
      assert.deepEqual(marshalled(marshall(type, [value], 0), true).values(type), [value]);
  });
