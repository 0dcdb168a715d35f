import assert from 'node:assert/strict';
import { test } from 'node:test';
import { surroundingsOf, surroundingsText } from '../../../src/prepare/load/surroundings.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { unitWith } from '../../support/apply-in-memory.js';
import { FakeSystem } from '../../support/fake-system.js';

const asked = async (sets: readonly string[], properties: Readonly<Record<string, unknown>>) => {
  const system = new FakeSystem();
  const found = await surroundingsOf({
    system,
    unit: parseUnitName('demo.service') as UnitName,
    states: [await unitWith(properties)],
    sets: (directive) => sets.includes(directive),
  });
  return { found, calls: system.calls };
};

test('slices and sockets are read only if the policy has a line that they may override', async () => {
  const properties = { Slice: 'a-b.slice', TriggeredBy: ['demo.socket', 'demo.path'] };
  assert.deepEqual((await asked(['PrivateTmp'], properties)).calls, []);
  const { calls } = await asked(['IPAddressDeny'], properties);
  for (const unit of ['a-b.slice', 'a.slice', '-.slice', 'demo.socket'])
    assert.ok(
      calls.some((call) => call.endsWith(unit)),
      unit,
    );
  assert.ok(!calls.some((call) => call.endsWith('demo.path')));
});

test('each fact has its own text, so that a change shows in the hash', () => {
  const rules = {
    denied: ['0.0.0.0/0'],
    allowed: ['10.0.0.0/8'],
    interfaces: [{ only: false, names: new Set(['lo']) }],
  };
  const facts = {
    allowed: new Map([['a.slice', ['10.0.0.0/8']]]),
    sockets: new Map([['a.socket', rules]]),
  };
  assert.deepEqual(surroundingsText(facts), ['a.slice 10.0.0.0/8', 'a.socket -0.0.0.0/0 +10.0.0.0/8 ~lo']);
  assert.deepEqual(surroundingsText({ allowed: new Map(), sockets: new Map() }), []);
});
