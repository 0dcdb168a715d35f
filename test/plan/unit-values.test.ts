import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownValues, plannedValues, valuesOfAll } from '../../src/plan/unit-values.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { unitFile } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

const unit = effectiveUnit([
  unitFile('PrivateTmp=no\nReadWritePaths=/a\nReadWritePaths=\nReadWritePaths=/b'),
]);

test("a unit's own values are all its lines, resets included", () => {
  assert.deepEqual(ownValues(unit).get('ReadWritePaths'), ['/a', '', '/b']);
  assert.deepEqual(ownValues(unit).get('Nice'), []);
});

test("a drop-in's lines come after the unit's own", () => {
  const directives = [
    { name: 'ReadWritePaths', values: ['', '/c'], because: '' },
    { name: 'PrivateTmp', values: ['yes'], because: '' },
  ];
  const values = plannedValues(unit, directives);
  assert.deepEqual(values.get('ReadWritePaths'), ['/a', '', '/b', '', '/c']);
  assert.deepEqual(values.get('PrivateTmp'), ['no', 'yes']);
});

test("a policy's values are those of the drop-in; wrong values and unknown names don't count", () => {
  const policy = policyFrom('[service]\nPrivateTmp = true\nReadWritePaths = ["/c"]\nNice = 99\nNoSuch = 1');
  const values = valuesOfAll(policy, unit);
  assert.deepEqual(values.get('PrivateTmp'), ['no', 'yes']);
  assert.deepEqual(values.get('ReadWritePaths')!.slice(0, 3), ['/a', '', '/b']);
  assert.equal(values.get('ReadWritePaths')!.at(-1), '/c');
  assert.deepEqual(values.get('Nice'), []);
  assert.deepEqual(values.get('NoSuch'), []);
});
