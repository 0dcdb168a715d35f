import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unmetRequirement } from '../../src/restart/requirements.js';
import type { System } from '../../src/system/system.js';
import { unitState } from '../support/unit-state.js';

/** Units by name; each is loaded, and was up once. */
type Units = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const LOADED = { LoadState: 'loaded', ActiveState: 'inactive', InactiveExitTimestamp: 1 };

function unmet(of: Readonly<Record<string, unknown>>, units: Units): Promise<string | undefined> {
  const anyUnit = async (name: string) => unitState({ ...LOADED, Id: name, ...units[name] });
  return unmetRequirement({ anyUnit } as unknown as System, { name: '', state: unitState(of) }, new Map());
}

test('a unit that has failed is told where the service waits for it, on whichever way that is', async () => {
  const failed = { ActiveState: 'failed' };
  const waits = { Requires: ['a.service'], After: ['a.service'] };
  const units = { 'a.service': failed, 'b.service': { Requires: ['a.service'] }, 'c.service': waits };
  const why = 'Requires=a.service of c.service has failed: start that first';
  for (const Requires of [
    ['b.service', 'c.service'],
    ['c.service', 'b.service'],
  ])
    assert.equal(await unmet({ Requires, After: ['c.service'] }, units), why, Requires.join(' '));
  assert.equal(await unmet({ Requires: ['b.service', 'c.service'] }, units), undefined);
  const up = { ...units, 'c.service': { ...waits, ActiveState: 'active' } };
  assert.equal(await unmet({ Requires: ['b.service', 'c.service'], After: ['c.service'] }, up), undefined);
});

test('units that require each other are looked at once', async () => {
  const units = {
    'a.service': { Requires: ['b.service'], After: ['b.service'] },
    'b.service': { BindsTo: ['a.service'], After: ['a.service'] },
  };
  assert.equal(await unmet({ Requires: ['a.service'], After: ['a.service'] }, units), undefined);
});
