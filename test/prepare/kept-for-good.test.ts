import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptForGood } from '../../src/prepare/kept-for-good.js';
import { parseUnitName, type UnitName } from '../../src/systemd/unit/name.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';

const kept = async (unit: string, of: string) => {
  const path = `/etc/systemd/system/${of}.d/zz-sandbox-unit.conf`;
  const context = fakeContext(new FakeSystem({ files: { [path]: '' } }));
  return (await keptForGood(context, parseUnitName(unit) as UnitName)).map(({ code, hint }) => [code, hint]);
};

test('a permanent drop-in of a unit or of its template replaces one below /run', async () => {
  const wrong = (of: string) => [
    ['left-as-it-is', `run 'sandbox-unit revert ${of}' first, or leave out --runtime`],
  ];
  assert.deepEqual(await kept('a@b.service', 'a@b.service'), wrong('a@b.service'));
  assert.deepEqual(await kept('a@b.service', 'a@.service'), wrong('a@.service'));
  assert.deepEqual(await kept('a.service', 'b.service'), []);
});
