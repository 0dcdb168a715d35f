import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unmetRequirement } from '../../src/restart/requirements.js';
import type { System } from '../../src/system/system.js';
import { unitState } from '../support/unit-state.js';

/** Units by name; each is loaded. */
type Units = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function unmet(of: Readonly<Record<string, unknown>>, units: Units, besides: readonly string[] = []) {
  const anyUnit = async (name: string) => unitState({ LoadState: 'loaded', Id: name, ...units[name] });
  return unmetRequirement({ anyUnit } as unknown as System, unitState(of), new Set(besides));
}

test('a restart waits for no unit that has failed, and needs none that is masked', async () => {
  const units = { 'a.service': { ActiveState: 'failed' }, 'b.service': { LoadState: 'masked' } };
  const failed = 'has failed: start that first';
  assert.equal(
    await unmet({ Requires: ['a.service'], After: ['a.service'] }, units),
    `Requires=a.service ${failed}`,
  );
  assert.equal(
    await unmet({ BindsTo: ['a.service'], After: ['a.service'] }, units),
    `BindsTo=a.service ${failed}`,
  );
  assert.equal(await unmet({ Requires: ['a.service'] }, units), undefined);
  assert.equal(
    await unmet({ Requires: ['a.service'], After: ['a.service'] }, units, ['a.service']),
    undefined,
  );
  assert.match((await unmet({ Requires: ['b.service'] }, units))!, /^Requires=b\.service is masked: /);
  assert.equal(await unmet({ Requires: ['c.service'], After: ['c.service'] }, units), undefined);
});
